"""Shows what imgsort learns from sorted folders, and makes pictures of this for README.md.

    python examples/learn_photos.py demo/learning docs

The script makes two folders of the photographs of `make_photos.py`. `sorted` has a folder for each photograph, with two
thirds of its crops. `inbox` has the other crops and the four pictures that belong nowhere. Then the script runs imgsort
on them: it trains, files new images, compares and explains. It prints each command with its output, as README.md shows
them. The second folder gets the pictures: curves, a confusion matrix, an overlay.
"""

import argparse
import shutil
import subprocess
import sys
from pathlib import Path

from make_photos import make_photos
from PIL import Image

SMALL = ["--model", "cnn", "--size", "96", "--epochs", "12"]


def lay_out(folder: Path) -> None:
    """Write every third photograph and the odd ones to `inbox`, and the others to their folders in `sorted`."""
    labels = make_photos(folder / "inbox")
    (folder / "inbox" / "labels.csv").unlink()
    for number, (file, photograph) in enumerate(sorted(labels.items())):
        if number % 3 and not photograph.startswith("odd"):
            home = folder / "sorted" / photograph
            home.mkdir(parents=True, exist_ok=True)
            (folder / "inbox" / file).rename(home / file)


def run(folder: Path, *arguments: str) -> None:
    """Run imgsort in `folder`. Print the command and what a terminal would show of it."""
    print(f"$ imgsort {' '.join(arguments)}", flush=True)
    subprocess.run([sys.executable, "-m", "imgsort", *arguments, "--quiet"], cwd=folder, check=True)
    print(flush=True)


def explain(folder: Path) -> None:
    """Run `imgsort explain` on the first image of the class `chelsea`. This command has no --quiet."""
    image = sorted((folder / "sorted" / "chelsea").iterdir())[0].relative_to(folder)
    command = ["explain", str(image), "--classifier", "photos.keras", "--output", "explained.png"]
    print(f"$ imgsort {' '.join(command)}", flush=True)
    subprocess.run([sys.executable, "-m", "imgsort", *command], cwd=folder, check=True)


def main(folder: Path, pictures: Path) -> None:
    """Run all commands, and copy the pictures."""
    lay_out(folder)
    run(folder, "train", "sorted", "--output", "photos.keras")
    run(folder, "classify", "inbox", "--classifier", "photos.keras", "--output", "sorted")
    run(folder, "evaluate", "photos.keras", "sorted")
    run(folder, "train", "sorted", "--output", "small.keras", *SMALL)
    run(folder, "compare", "sorted", "--models", "cnn,resnet50v2,efficientnet-lite0", *SMALL[2:])
    run(folder, "export", "photos.keras", "--format", "tflite")
    explain(folder)
    pictures.mkdir(parents=True, exist_ok=True)
    for name in ("curves.png", "confusion_matrix.png"):
        shutil.copy(folder / "small_training" / name, pictures / name)
    with Image.open(folder / "explained.png") as picture:
        picture.convert("RGB").save(pictures / "explained.jpg", quality=85)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="new folder to work in")
    parser.add_argument("pictures", type=Path, help="folder for the pictures")
    arguments = parser.parse_args()
    main(arguments.folder, arguments.pictures)
