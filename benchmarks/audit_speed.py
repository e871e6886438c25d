"""Measures how long `imgsort audit` takes with features in the cache: the whole process, and what it spends it on.

    python benchmarks/audit_speed.py LABELLED [LABELLED ...] [--images N] [--rounds N]

LABELLED holds a folder for each class. A folder of N images is made of all their classes: crops of the images, some of
them mirrored, 160 px wide, so that each is a picture of its own. The first audit fills a cache of its own. The median
of the later ones is printed. The system's own cache of files is not emptied.
"""

import argparse
import json
import os
import subprocess
import tempfile
import time
from pathlib import Path

import cv2
import numpy as np
from machine import described
from speed import IMGSORT, median, run

from imgsort.images.decoding.decode import read_image
from imgsort.images.decoding.letterbox import Square
from imgsort.images.stream import stream
from imgsort.jobs.learn.steps.class_folders import find_classes

SIDE_PX = 160


def make_images(folders: list[Path], into: Path, count: int) -> int:
    """Make `count` different images, in a folder for each class. Return the number of classes."""
    found = [(root, file) for root in folders for file in find_classes(root).listing.files]
    jobs = [(number, *found[number % len(found)]) for number in range(count)]

    def make(job: tuple[int, Path, object]) -> None:
        number, root, file = job
        rng = np.random.default_rng(number)
        pixels = read_image(root, file, square=Square(2 * SIDE_PX)).pixels
        height, width = pixels.shape[:2]
        high, wide = max(1, int(height * rng.uniform(0.6, 0.9))), max(1, int(width * rng.uniform(0.6, 0.9)))
        top, left = rng.integers(0, height - high + 1), rng.integers(0, width - wide + 1)
        part = pixels[top : top + high, left : left + wide, ::-1]
        part = cv2.resize(part[:, ::-1] if rng.random() < 0.5 else part, (SIDE_PX, SIDE_PX))
        place = into / f"{root.name}_{file.path.partition('/')[0]}" / f"{number:06}.jpg"
        place.parent.mkdir(exist_ok=True)
        cv2.imwrite(str(place), np.ascontiguousarray(part))
        os.utime(place, (time.time() - 3600,) * 2)  # the cache trusts files that are not new

    for _ in stream(jobs, make, 64):
        pass
    return len(list(into.iterdir()))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("labelled", nargs="+", type=Path, metavar="LABELLED")
    parser.add_argument("--images", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    print(described())
    with tempfile.TemporaryDirectory() as work:
        images, cache = Path(work, "images"), Path(work, "cache")
        images.mkdir()
        classes = make_images(given.labelled, images, given.images)
        command = [*IMGSORT, "audit", str(images), "--quiet"]
        cold = run(command, IMGSORT_CACHE_DIR=str(cache))
        warm = median([run(command, IMGSORT_CACHE_DIR=str(cache)) for _ in range(given.rounds)])
        shown = subprocess.run(
            [*command, "--json"], env={**os.environ, "IMGSORT_CACHE_DIR": str(cache)}, capture_output=True, check=True
        )
        result = json.loads(shown.stdout)
    marked = sum(finding["marked"] for finding in result["findings"])
    print("| images | classes | first audit, s | with the cache, s | peak MB | marked |")
    print("| --- | --- | --- | --- | --- | --- |")
    print(
        f"| {result['counts']['images']} | {classes} | {cold.seconds:.1f} | {warm.seconds:.1f} | {warm.peak_mb:.0f} "
        f"| {marked} |"
    )
    print(f"load of the last minute: {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
