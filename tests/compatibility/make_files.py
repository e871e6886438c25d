"""Makes the files beside it: what a version of imgsort writes, for later versions to read.

    python -m tests.compatibility.make_files

Run once, with the version before the source was divided into rooms (0.1.0 at commit 1b8a3a8), and not again: the
files are here to be old. A later format gets a folder of its own beside `v1`.
"""

import contextlib
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import numpy as np
from PIL import Image

FILES = Path(__file__).parent / "v1"
# Journals and caches name the places of their files: this one is on nobody's machine but for a moment.
WORKPLACE = Path("/tmp/imgsort-v1")
LITE = ["--model", "efficientnet-lite0", "--size", "32", "--precision", "float32", "--quiet"]
PICTURES = ("red", "green", "blue")
# What the tests add later, of each kind.
LATER = 4

_KILLED = (
    "import os, sys\n"
    "real = os.unlink\n"
    "def die(path, **options):\n"
    "    os.kill(os.getpid(), 9) if str(path).endswith('.jpg') else real(path, **options)\n"
    "os.unlink = die\n"
    "from imgsort.cli import main\n"
    "main(sys.argv[1:])\n"
)


def picture(kind: str, number: int) -> np.ndarray:
    """Return uint8 (48, 48, 3), RGB: stripes, dots or a slope, in a colour of its own, never twice the same."""
    chance = np.random.default_rng([PICTURES.index(kind), number])
    y, x = np.mgrid[0:48, 0:48]
    pattern = {"red": (x // 6) % 2, "green": ((x // 12 + y // 12) % 2), "blue": y / 48}[kind]
    colour = {"red": (220, 40, 30), "green": (30, 190, 60), "blue": (40, 60, 230)}[kind]
    noise = chance.integers(-25, 26, (48, 48, 1))
    return np.clip(pattern[..., None] * np.array(colour) + 20 + noise, 0, 255).astype(np.uint8)


def write_pictures(folder: Path, numbers: range) -> None:
    """Write pictures of every kind, an image and a sidecar for the first of each."""
    folder.mkdir(parents=True, exist_ok=True)
    for kind in PICTURES:
        for number in numbers:
            Image.fromarray(picture(kind, number)).save(folder / f"{kind}{number}.jpg", quality=85)
        (folder / f"{kind}0.xmp").write_text(f"<{kind}/>", encoding="ascii")


def imgsort(*arguments: str, **options: object) -> subprocess.CompletedProcess[str]:
    """Run the command line as a person does."""
    command = [sys.executable, "-m", "imgsort", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True, **options)


def make() -> None:
    """Write everything anew."""
    WORKPLACE.mkdir()
    os.environ["IMGSORT_CACHE_DIR"] = str(WORKPLACE / "cache")
    sorted_, copies, killed = WORKPLACE / "sorted", WORKPLACE / "copied", WORKPLACE / "killed"
    write_pictures(sorted_, range(LATER))
    imgsort("categorize", str(sorted_), "--clusters", "3", *LITE)
    imgsort("outliers", str(sorted_), "--max", "2", "--method", "knn", "--neighbors", "2", *LITE)
    write_pictures(copies / "from", range(2))
    imgsort("categorize", str(copies / "from"), "--clusters", "3", "--copy", "--output", str(copies / "to"), *LITE)
    write_pictures(killed, range(2))
    done = subprocess.run(
        [sys.executable, "-c", _KILLED, "categorize", str(killed), "--clusters", "3", *LITE], check=False
    )
    assert done.returncode == -signal.SIGKILL
    classes = WORKPLACE / "classes"
    for kind in PICTURES:
        (classes / kind).mkdir(parents=True)
        for number in range(8):
            Image.fromarray(picture(kind, number)).save(classes / kind / f"{kind}{number}.png")
    classifier = WORKPLACE / "small.keras"
    options = ["--model", "cnn", "--size", "32", "--epochs", "4", "--augment", "none"]
    imgsort("train", "classes", "--output", classifier.name, "--quiet", *options, cwd=WORKPLACE)
    images = [str(path.relative_to(WORKPLACE)) for path in sorted(classes.glob("*/*7.png"))]
    told = imgsort("classify", *images, "--classifier", classifier.name, "--json", "--quiet", cwd=WORKPLACE).stdout
    (WORKPLACE / "predictions.json").write_text(json.dumps(json.loads(told)["predictions"], indent=1), encoding="ascii")
    shutil.rmtree(WORKPLACE / "small_training")
    shutil.rmtree(WORKPLACE / "cache" / "models")
    no_more_needed = (*WORKPLACE.rglob("lock"), *WORKPLACE.rglob("owner"), *classes.glob("*/*[0-6].png"))
    for left in no_more_needed:
        left.unlink()
    with contextlib.closing(sqlite3.connect(WORKPLACE / "cache" / "features.sqlite")) as database:
        database.execute("PRAGMA journal_mode = DELETE")
    shutil.rmtree(FILES, ignore_errors=True)
    shutil.move(WORKPLACE, FILES)


if __name__ == "__main__":
    make()
