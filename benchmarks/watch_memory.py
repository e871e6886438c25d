"""Measures what `watch` needs, batch after batch in one process: memory, threads, open files, and seconds of a batch.

    python benchmarks/watch_memory.py CLASSES [--batches N] [--images N] [--waiting N]

CLASSES holds a folder of JPEGs for each class, and is only looked at. A classifier is trained with them, and copies of
them are sorted into categories; then new images arrive in an inbox: the same pictures with another comment, so that no
cache knows their content. At first --waiting others lie there that are not to be filed. Memory is what lies in RAM
(RSS) after a batch. Both ways are measured in a process of their own. Linux only.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from itertools import cycle
from pathlib import Path
from typing import Any

from machine import described

import imgsort
from imgsort.jobs.watch.filer import Filer, category_filer, classifier_filer

MODEL = "efficientnet-lite0"
SHOWN = (1, 2, 5, 10, 20, 30, 40, 50, 75, 100, 200)
ONE_BY_ONE = 20


def measure(way: str, root: Path, photos: Sequence[Path], batches: int, images: int) -> None:
    """File batches of images, and then single images. Print a line of JSON after each batch."""
    inbox = root / "inbox"
    new = arrivals(photos)
    with filer_of(way, root) as filer:
        for size in [images] * batches + [1] * ONE_BY_ONE:
            names = [put(inbox, *next(new)) for _ in range(size)]
            start, worked = time.perf_counter(), time.process_time()
            result = filer.file(names)
            figures = {"seconds": time.perf_counter() - start, "worked": time.process_time() - worked}
            assert len(result.moves) == size, result
            print(json.dumps({"images": size, **figures, **state_of_process()}), flush=True)


def filer_of(way: str, root: Path) -> Filer:
    """Return the filer that is measured."""
    if way == "by class":
        return classifier_filer(root / "inbox", classifier=root / "photos.keras", output=root / "out")
    return category_filer(root / "inbox", into=root / "collection")


def arrivals(photos: Sequence[Path]) -> Iterator[tuple[str, bytes]]:
    """Yield names and contents of ever new images."""
    for number, photo in enumerate(cycle(photos)):
        comment = f"{number}".encode()
        data = photo.read_bytes()
        yield f"new_{number}.jpg", data[:2] + b"\xff\xfe" + (len(comment) + 2).to_bytes(2, "big") + comment + data[2:]


def put(inbox: Path, name: str, data: bytes) -> str:
    """Write a file into the inbox, and return its name."""
    (inbox / name).write_bytes(data)
    return name


def state_of_process() -> dict[str, float]:
    """Return the memory of this process in MB, and how many threads and open files it has."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return {
        "mb": pages * os.sysconf("SC_PAGE_SIZE") / 1e6,
        "threads": threading.active_count(),
        "files": len(os.listdir("/proc/self/fd")),
    }


def prepare(root: Path, classes: Path, photos: Sequence[Path], waiting: int) -> None:
    """Make the classifier, the categories and the inbox."""
    imgsort.train(classes, output=root / "photos.keras", model=MODEL)
    (root / "collection").mkdir()
    for number, photo in enumerate(photos):
        shutil.copy(photo, root / "collection" / f"{number}.jpg")
    imgsort.categorize(root / "collection", model=MODEL)
    (root / "inbox").mkdir()
    for number in range(waiting):
        (root / "inbox" / f"waiting_{number}.jpg").write_bytes(b"\xff\xd8\xff\xe0")


def print_table(way: str, rows: Sequence[dict[str, Any]], images: int) -> None:
    """Print the figures of one way."""
    batches = [row for row in rows if row["images"] == images][: len(rows) - ONE_BY_ONE]
    single = rows[len(batches) :]
    print(f"\n**{way}**, {len(batches)} batches of {images} images\n\n| after batch | MB | threads | open files |")
    print("| --- | --- | --- | --- |")
    for number in SHOWN:
        if number <= len(batches):
            row = batches[number - 1]
            print(f"| {number} | {row['mb']:.0f} | {row['threads']} | {row['files']} |")
    later = batches[1:] or batches
    print(
        f"\nfirst batch {batches[0]['seconds']:.2f} s, later ones {median(later, 'seconds'):.2f} s (median); ", end=""
    )
    print(
        f"one image {median(single, 'seconds') * 1000:.0f} ms, {median(single, 'worked') * 1000:.0f} ms of processor."
    )


def median(rows: Sequence[dict[str, Any]], name: str) -> float:
    """Return the median of one figure."""
    return statistics.median(row[name] for row in rows)


def main() -> None:
    """Measure both ways."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("classes", type=Path, metavar="CLASSES")
    parser.add_argument("--batches", type=int, default=50)
    parser.add_argument("--images", type=int, default=40)
    parser.add_argument("--waiting", type=int, default=0)
    parser.add_argument("--measure", choices=("by class", "into categories"), help=argparse.SUPPRESS)
    parser.add_argument("--root", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    photos = sorted(options.classes.glob("*/*.jpg"))
    if options.measure:
        measure(options.measure, options.root, photos, options.batches, options.images)
        return
    print(described())
    for way in ("by class", "into categories"):
        with tempfile.TemporaryDirectory() as folder:
            os.environ["IMGSORT_CACHE_DIR"] = str(Path(folder) / "cache")
            prepare(Path(folder), options.classes.resolve(), photos, options.waiting)
            command = [sys.executable, __file__, *sys.argv[1:], "--measure", way, "--root", folder]
            done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
        print_table(way, [json.loads(line) for line in done.stdout.splitlines()], options.images)


if __name__ == "__main__":
    main()
