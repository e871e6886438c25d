"""Measures what a command with a dataset of features costs the machine that it runs on: time and memory by the image.

    python benchmarks/driver.py PHOTOS [--files 20000 100000] [--work FOLDER]

For each number of files, the script makes a collection of small JPEGs, each a random crop of one of the photographs in
PHOTOS, and a dataset of its features by `imgsort embed`, which takes minutes. Then it runs the whole commands in
processes of their own. "Peak" is the most memory of the process that was resident at once. "By the image" is what each
further image adds, from the first number of files to the last. The disk needs 15 kB for an image.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from find_speed import make_collection
from machine import described

FOLDERS = 100
MODEL = ("--model", "efficientnet-lite2")


def commands(photos: Path, dataset: Path) -> dict[str, list[str]]:
    """Return the commands that are measured, by what they do."""
    ready = ["--recursive", "--features", str(dataset), "--dry-run"]
    return {
        "embed, all images": ["embed", str(photos), "-r", "--output", str(dataset), *MODEL],
        "embed again, nothing new": ["embed", str(photos), "-r", "--output", str(dataset), *MODEL],
        "categorize by K-Means": ["categorize", str(photos), *ready, "--clusters", "20"],
        "categorize by the graph": ["categorize", str(photos), *ready, "--clusters", "20", "--quality", "high"],
        "outliers by neighbours": ["outliers", str(photos), *ready, "--method", "knn"],
    }


def measured(line: list[str], cache: Path) -> tuple[float, float]:
    """Run a command. Return its seconds and its peak memory in MB."""
    start = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "imgsort", *line, "--json"],
        env={**os.environ, "IMGSORT_CACHE_DIR": str(cache)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    _, status, used = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"{' '.join(line)}: the process ended with {os.waitstatus_to_exitcode(status)}")
    return time.perf_counter() - start, used.ru_maxrss / 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photos", type=Path, help="folder of photographs, with subfolders")
    parser.add_argument("--files", type=int, nargs="+", default=[20_000, 100_000])
    parser.add_argument("--work", type=Path, help="where everything is made and stays; by default a temporary folder")
    options = parser.parse_args()
    print(described())
    print("| files | command | seconds | peak, MB | images/s | kB by the image |")
    print("| --- | --- | --- | --- | --- | --- |")
    first: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as temporary:
        work = options.work or Path(temporary)
        work.mkdir(parents=True, exist_ok=True)
        for files in options.files:
            photos, cache = make_collection(options.photos, work, files, FOLDERS), work / f"cache_{files}"
            few = make_collection(options.photos, work, files=100, folders=1)
            measured(commands(few, work / f"few_{files}")["embed, all images"], cache)  # converts the model
            for name, line in commands(photos, work / f"features_{files}").items():
                seconds, peak = measured(line, cache)
                grown = (peak - first[name]) * 1024 / (files - options.files[0]) if name in first else None
                first.setdefault(name, peak)
                last = "" if grown is None else f"{grown:.2f}"
                print(f"| {files} | {name} | {seconds:.0f} | {peak:.0f} | {files / seconds:.0f} | {last} |", flush=True)


if __name__ == "__main__":
    main()
