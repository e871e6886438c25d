"""Measures the whole command on a million files whose features are in a dataset: time and memory from files to a plan.

    python benchmarks/million_files.py [--files 100000 1000000] [--algorithm kmeans graph] [--work FOLDER]

The features are made up, as in million_rows.py. The files are no pictures: with `--features` they are listed and
hashed, and never decoded. `imgsort categorize --dry-run` runs in a process of its own, first when the cache does not
know the files, and then again. Memory is read as in million_rows.py. The disk needs 15 kB for a file.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from machine import described
from made_rows import made
from million_rows import HEAD, SEPARATION, peak_mb

from imgsort.content import content_hash
from imgsort.features.dataset.part import Row, rows_in_part, write_part
from imgsort.features.dataset.place import FolderPlace

WIDTH, CLUSTERS, FOLDERS = 1280, 20, 100
MODEL = {
    "name": "efficientnet-lite2",
    "weights": "imagenet",
    "sha256": "0" * 64,
    "fallback": None,
    "pooling": "avg",
    "size_px": 260,
    "fit": "stretch",
    "precision": "float32",
    "runtime": "litert",
}
HEAD_OF_MODEL = type(HEAD)(HEAD.recipe, MODEL, HEAD.source, HEAD.began_ns)


def make(photos: Path, dataset: Path, files: int) -> None:
    """Make the files, each with bytes of its own, and a dataset with a row for each."""
    for folder in range(FOLDERS):
        (photos / f"{folder:03}").mkdir(parents=True)
    number = 0
    for features, _ in made(files, WIDTH, CLUSTERS, separation=SEPARATION, at_a_time=rows_in_part(WIDTH)):
        rows = []
        for one in features:
            name, data = f"{number % FOLDERS:03}/IMG_{number:07}.jpg", str(number).encode()
            (photos / name).write_bytes(data)
            rows.append(Row(name, len(data), 10**18, content_hash(data), one))
            number += 1
        write_part(FolderPlace(dataset), HEAD_OF_MODEL, rows)


def measured(photos: Path, dataset: Path, cache: Path, algorithm: str) -> str:
    """Run the command. Return cells of the table."""
    quality = ["--quality", "high"] if algorithm == "graph" else []
    line = ["categorize", str(photos), "-r", "--features", str(dataset), "--clusters", str(CLUSTERS), "--dry-run"]
    process = subprocess.Popen(
        [sys.executable, "-m", "imgsort", *line, "--quiet", *quality],
        env={**os.environ, "IMGSORT_CACHE_DIR": str(cache)},
        stdout=subprocess.DEVNULL,
    )
    start, peak = time.perf_counter(), peak_mb(process)
    if process.returncode:
        raise SystemExit(f"{algorithm}: the process ended with {process.returncode}")
    return f"{time.perf_counter() - start:.0f} | {peak[0]:.0f} | {peak[1]:.0f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=int, nargs="+", default=[100_000, 1_000_000])
    parser.add_argument("--algorithm", choices=["kmeans", "graph"], nargs="*", default=["kmeans", "graph"])
    parser.add_argument("--work", type=Path, help="where everything is made; by default where temporary files go")
    options = parser.parse_args()
    print(described())
    print("| files | by | the cache | seconds | resident, MB | own, MB |\n| --- | --- | --- | --- | --- | --- |")
    for files in options.files:
        with tempfile.TemporaryDirectory(dir=options.work) as work:
            photos, dataset, cache = (Path(work, name) for name in ("photos", "dataset", "cache"))
            dataset.mkdir()
            make(photos, dataset, files)
            time.sleep(3)  # the cache believes no file that was written just now
            for algorithm in options.algorithm:
                for state in ("does not know the files", "knows them")[algorithm != options.algorithm[0] :]:
                    cells = measured(photos, dataset, cache, algorithm)
                    print(f"| {files} | {algorithm} | {state} | {cells} |", flush=True)


if __name__ == "__main__":
    main()
