"""Tests commands whose stdout or stderr is closed, full or read by nobody, and commands under other locales."""

import json
import os
import stat
import sys

import pytest

from tests.support.commands import faulty_images, shell
from tests.support.trees import names

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="needs /dev/full and a shell")

MOVE = "$imgsort check photos --move"
ASCII = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
UTF_8 = {"LC_ALL": "C.UTF-8", "PYTHONUTF8": None, "PYTHONCOERCECLOCALE": None, "PYTHONIOENCODING": None}


def moved(tree):
    """Return a tree after `check --move`."""
    return {name if name == "good.png" else f"Rejected/blank/{name}": content for name, content in tree.items()}


@pytest.mark.parametrize(
    "redirection",
    [
        ">&-",
        "2>&-",
        ">&- 2>&-",
        "<&- >&- 2>&-",
        "<&-",
        "2>/dev/full",
        "--json >&-",
        "--json 2>&-",
        "--verbose 2>/dev/full",
        "--quiet >&- 2>/dev/full",
        "--verbose | true",
        "--json 2>&1 | true",
        "| head -n 0",
        "2>&1 >/dev/null | true",
        "> >(exec <&-) 2> >(exec <&-)",
    ],
)
def test_what_nobody_reads_changes_nothing(tmp_path, redirection):
    """Without a reader, the files are moved, the exit code is 0, and there is no traceback; undo finds the run."""
    tree = faulty_images(tmp_path / "photos")
    done = shell(f"set -o pipefail; {MOVE} {redirection}", tmp_path)
    assert (done.returncode, "Traceback" in done.stderr, "Exception" in done.stderr) == (0, False, False)
    assert names(tmp_path / "photos") == moved(tree)
    assert shell("$imgsort undo photos >&- 2>&-", tmp_path).returncode == 0
    assert names(tmp_path / "photos") == tree


@pytest.mark.parametrize("options", ["", "--json", "--verbose", "--quiet", "--csv found.csv"])
def test_a_result_that_cannot_be_written_is_said(tmp_path, options):
    """On a full disk the exit code is 4 and one sentence says what was moved, and how it is taken back."""
    tree = faulty_images(tmp_path / "photos")
    done = shell(f"{MOVE} {options} >/dev/full", tmp_path)
    assert done.returncode == 4
    assert done.stderr.splitlines()[-1] == (
        "imgsort: stdout: the result cannot be written there (No space left on device). 2 files moved. "
        "`imgsort undo photos` takes it back."
    )
    assert names(tmp_path / "photos") == moved(tree)
    done = shell("$imgsort undo photos >/dev/full 2>/dev/full", tmp_path)
    assert (done.returncode, names(tmp_path / "photos")) == (4, tree)


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("check photos", 1),
        ("check photos --json", 1),
        ("check photos --move --dry-run", 1),
        ("check photos --csv new.csv", 4),
        ("check photos --move --plan new.csv", 4),
        ("history photos", 1),
        ("cache info", 1),
        ("models list", 1),
        ("models list --json", 1),
        ("--version", 1),
        ("--help", 1),
        ("train --help", 1),
        ("undo photos --json", 1),
        ("check nowhere --json", 1),
        ("check", 2),
        ("nonsense --json", 2),
    ],
)
def test_the_exit_code_says_whether_something_changed(tmp_path, line, code):
    """If the result is lost, 1 and 2 mean that nothing changed, and 4 that something did. stderr says why."""
    tree = faulty_images(tmp_path / "photos")
    done = shell(f"$imgsort {line} >/dev/full", tmp_path)
    assert done.returncode == code
    assert "Traceback" not in done.stderr
    assert done.stderr.strip()
    assert names(tmp_path / "photos") == tree
    assert (tmp_path / "new.csv").exists() == (code == 4)
    assert shell(f"$imgsort {line} >/dev/full 2>/dev/full", tmp_path).returncode in (code, 2)


@pytest.mark.parametrize("line", ["history photos", "models list", "--help", "check photos --json"])
def test_a_reader_that_had_enough_is_no_error(tmp_path, line):
    """`| head` closes the pipe early. What the command says then is complete for its reader."""
    faulty_images(tmp_path / "photos")
    done = shell(f"set -o pipefail; $imgsort {line} | head -n 0", tmp_path)
    assert (done.returncode, done.stderr) == (0, "")


def test_no_file_gets_the_number_of_a_closed_stream(tmp_path):
    """If 0 to 2 are closed, the null device takes their place, and no journal or cache does."""
    script = (
        "import os, sys; from imgsort.cli.streams import take_over; take_over(); "
        "open(sys.argv[1], 'w').write(' '.join(str(os.fstat(n).st_rdev) for n in range(3)))"
    )
    shell(f'{sys.executable} -c "{script}" found <&- >&- 2>&-', tmp_path)
    null = os.stat(os.devnull)
    assert stat.S_ISCHR(null.st_mode)
    assert (tmp_path / "found").read_text() == " ".join([str(null.st_rdev)] * 3)


def test_a_pipe_that_does_not_wait_is_waited_for(tmp_path):
    """A pipe that another program has told not to wait gets the whole output all the same."""
    faulty_images(tmp_path / "photos", *(f"{number}.png" for number in range(300)))
    unblock = f'{sys.executable} -c "import os; os.set_blocking(1, False)"'
    done = shell(f"({unblock}; $imgsort check photos --json) | (sleep 4; cat)", tmp_path)
    assert len(json.loads(done.stdout)["findings"]) > 300


NAMES = ("café.png", "日本.png", "\udcff.png")


@pytest.mark.parametrize(("first", "second"), [(UTF_8, ASCII), (ASCII, UTF_8)], ids=["utf-8 first", "ascii first"])
def test_a_journal_is_the_same_under_every_locale(tmp_path, first, second):
    """What a command wrote under one locale, another one lists, applies and undoes: journal, plan and JSON."""
    photos = tmp_path / "photos"
    tree = faulty_images(photos, *NAMES)
    done = shell(f"{MOVE} --json", tmp_path, **first)
    assert (done.returncode, names(photos)) == (0, moved(tree))
    assert {move["source"] for move in json.loads(done.stdout)["moves"]} == set(tree) - {"good.png"}
    assert "done" in shell("$imgsort history photos", tmp_path, **second).stdout
    done = shell("$imgsort undo photos", tmp_path, **second)
    assert (done.returncode, done.stderr, names(photos)) == (0, "", tree)
    assert shell(f"{MOVE} --plan plan.csv", tmp_path, **second).returncode == 0
    done = shell("$imgsort apply plan.csv --verbose", tmp_path, **first)
    assert (done.returncode, names(photos)) == (0, moved(tree))
    assert shell("$imgsort undo photos", tmp_path, **second).returncode == 0
    assert names(photos) == tree


def test_a_locale_does_not_change_what_is_written(tmp_path):
    """The same command writes the same plan, byte by byte, under both locales."""
    faulty_images(tmp_path / "photos", *NAMES)
    for name, locale in (("one.csv", UTF_8), ("two.csv", ASCII)):
        assert shell(f"{MOVE} --plan {name}", tmp_path, **locale).returncode == 0
    assert (tmp_path / "one.csv").read_bytes() == (tmp_path / "two.csv").read_bytes()


@pytest.mark.parametrize("encoding", ["latin-1", "ascii", "utf-8"])
def test_a_terminal_that_cannot_show_a_name(tmp_path, encoding):
    """A name that the terminal's encoding lacks is escaped, and the command does its work."""
    faulty_images(tmp_path / "photos", *NAMES)
    done = shell(f"{MOVE} --verbose", tmp_path, **{**ASCII, "PYTHONIOENCODING": encoding})
    assert (done.returncode, "Traceback" in done.stderr) == (0, False)


def test_a_library_reads_the_same_journal(tmp_path):
    """`imgsort.undo` in a Python process whose names are ASCII takes back what was moved under UTF-8."""
    tree = faulty_images(tmp_path / "photos", *NAMES)
    assert shell(MOVE, tmp_path, **UTF_8).returncode == 0
    script = "import imgsort; print(imgsort.undo('photos').refused, imgsort.history('photos').runs[0].status)"
    done = shell(f'{sys.executable} -c "{script}"', tmp_path, **ASCII)
    assert done.stdout == "() undone\n", done.stderr
    assert names(tmp_path / "photos") == tree
