"""Measures how many images a second are read, decoded and brought into a model's square, by 1, 2, 4 … cores.

    python benchmarks/reading_by_cores.py FOLDER [--size PX] [--images N] [--rounds N]

The images of FOLDER are taken again and again until there are N. Each number of cores is a process that may use only
these. No model runs, so neither TensorFlow nor weights are needed: this is what feeds a model, also one on a GPU.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

from imgsort.images.decoding.decode import read_image
from imgsort.images.decoding.letterbox import Square
from imgsort.images.finding.find import find_images
from imgsort.images.stream import stream


def rate(folder: Path, size_px: int, images: int, cores: int) -> float:
    """Return how many images a second this process reads with so many threads."""
    found = find_images(folder, recursive=True).files
    files = (list(found) * -(-images // len(found)))[:images]
    square = Square(size_px)
    begun = time.perf_counter()
    for _ in stream(files, lambda file: square.fill(read_image(folder, file, square=square).pixels), 2 * cores):
        pass
    return images / (time.perf_counter() - begun)


def measured(folder: Path, size_px: int, images: int, cores: int) -> float:
    """Return the rate of a process of its own that may use so many cores."""
    arguments = [str(folder), "--size", str(size_px), "--images", str(images), "--alone", str(cores)]
    allowed = sorted(os.sched_getaffinity(0))[:cores]
    done = subprocess.run(
        [sys.executable, __file__, *arguments],
        check=True,
        capture_output=True,
        preexec_fn=lambda: os.sched_setaffinity(0, allowed),
    )
    return float(json.loads(done.stdout))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--size", type=int, default=224)
    parser.add_argument("--images", type=int, default=4000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--alone", type=int, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.alone:
        print(rate(given.folder, given.size, given.images, given.alone))
        sys.exit()
    most = len(os.sched_getaffinity(0))
    print(f"| cores of {most} | images/s | images/s a core |\n| --- | --- | --- |")
    for number in [n for n in (1, 2, 4, 8, 16, 32, 64) if n <= most]:
        rates = [measured(given.folder, given.size, given.images, number) for _ in range(given.rounds)]
        middle = statistics.median(rates)
        print(f"| {number} | {middle:.0f} | {middle / number:.0f} |", flush=True)
