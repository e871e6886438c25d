#!/bin/sh
# Sorts a folder in a batch job: categories first, then what does not belong, every exit code looked at.
#
#     sh examples/batch_sort.sh ./Images_dataset [further options of imgsort]
#
# Prints one line a step, read from the JSON. Ends with imgsort's own exit code if a step fails.
set -u

folder=${1:?usage: batch_sort.sh FOLDER [OPTION...]}
shift
python=${PYTHON:-python3}

step() {
    name=$1
    shift
    json=$("$python" -m imgsort "$name" "$folder" --quiet --json "$@")
    code=$?
    printf '%s' "$json" | "$python" -c '
import json, sys
result = json.load(sys.stdin)
if "error" in result:
    print(sys.argv[1] + ": " + result["error"]["message"])
else:
    print("{}: {} of {} images moved, {} unreadable, model {}".format(
        sys.argv[1], result["counts"]["moves"], result["counts"]["images"],
        result["counts"]["unreadable"], result["model"]["name"]))
' "$name"
    case $code in
        0) ;;
        1) echo "$name: nothing was changed" >&2; exit 1 ;;
        3) echo "$name: unreadable images, and --strict was given" >&2; exit 3 ;;
        4) echo "$name: stopped part way; imgsort undo $folder takes it back" >&2; exit 4 ;;
        *) exit "$code" ;;
    esac
}

step categorize "$@"
step outliers --max 8 "$@"
