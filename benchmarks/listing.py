"""Measures what rules that leave out files cost: the time to list a folder with them and without.

    python benchmarks/listing.py [--files 100000] [--folders 1 100] [--runs 9]

The script makes the files, none of which matches a pattern: so every name is compared with every pattern. It lists
them in turn without any rule, with the built-in list, and with the built-in list and five patterns.
"""

import argparse
import statistics
import tempfile
import time
from pathlib import Path

from machine import described

from imgsort.images.finding.find import find_images
from imgsort.images.finding.leaving_out.rules import Rules

PATTERNS = ("*.tmp", "drafts/", "/private/**", "[Ss]creenshot*.png", "**/export/*_small.*")
WAYS = {"no rule": None, "the built-in list": Rules(), "and five patterns": Rules(exclude=PATTERNS)}


def make(root: Path, files: int, folders: int) -> None:
    """Make `files` files in `folders` folders, named as a camera names them."""
    for number in range(files):
        folder = root / f"{number % folders:03}"
        folder.mkdir(exist_ok=True)
        (folder / f"IMG_{number:06}.jpg").touch()


def seconds(root: Path, rules: Rules | None, files: int) -> float:
    """Return how long a listing takes."""
    start = time.perf_counter()
    found = len(find_images(root, recursive=True, rules=rules).files)
    assert found == files, f"{found} files were listed"
    return time.perf_counter() - start


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=int, default=100_000)
    parser.add_argument("--folders", type=int, nargs="+", default=[1, 100])
    parser.add_argument("--runs", type=int, default=9)
    options = parser.parse_args()
    print(described())
    print("| files | folders | rules | seconds, median | share of no rule |\n| --- | --- | --- | --- | --- |")
    for folders in options.folders:
        with tempfile.TemporaryDirectory() as work:
            make(Path(work), options.files, folders)
            taken: dict[str, list[float]] = {way: [] for way in WAYS}
            for _ in range(options.runs):
                for way, rules in WAYS.items():
                    taken[way].append(seconds(Path(work), rules, options.files))
        least = statistics.median(taken["no rule"])
        for way, times in taken.items():
            median = statistics.median(times)
            print(f"| {options.files} | {folders} | {way} | {median:.3f} | {median / least:.2f} |", flush=True)
