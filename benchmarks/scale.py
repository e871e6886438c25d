"""Measures how time and memory grow with the number of images, and with the number of rows to cluster.

    python benchmarks/scale.py [--images 1000 10000 100000] [--rows 1000 10000 100000 1000000]
    python benchmarks/scale.py --images --rows 1000 10000 100000 --algorithm graph

The script makes the images: small JPEGs, no two alike. It also makes the features: twenty groups, whose variance falls
off as a model's variance does. Features that do not fit into memory lie in a file. Each figure comes from a process of
its own.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

from machine import described

EXTRACT = """
import json, sys, time, resource
from imgsort.jobs.look.features import extract_features
start = time.perf_counter()
features = extract_features(sys.argv[1], cache=False)
print(json.dumps([len(features.files), time.perf_counter() - start,
                  resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024]))
"""

CLUSTER = """
import json, sys, time, resource, tempfile
import numpy as np
from imgsort.grouping.categories.group import group_rows
from imgsort.mapped import empty_matrix, let_go
rows, width = int(sys.argv[1]), int(sys.argv[2])
random = np.random.default_rng(0)
matrix = empty_matrix(rows, width)
fall = (1 / np.sqrt(1 + np.arange(width))).astype(np.float32)
turn = np.linalg.qr(random.normal(size=(width, width)))[0].astype(np.float32)
centres = (1.5 * random.normal(size=(20, width))).astype(np.float32)
for start in range(0, rows, 10000):
    part = slice(start, min(start + 10000, rows))
    truth = random.integers(0, 20, part.stop - part.start)
    spread = random.standard_normal((len(truth), width), dtype=np.float32)
    matrix[part] = ((centres[truth] + spread) * fall) @ turn
    let_go(matrix)
start = time.perf_counter()
grouping = group_rows(matrix, 20, algorithm=sys.argv[3])
print(json.dumps([rows, time.perf_counter() - start,
                  resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024]))
"""

MAKE = """
import sys
from pathlib import Path
import cv2, numpy as np
folder, first, last = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
random = np.random.default_rng(first)
for number in range(first, last):
    coarse = random.integers(0, 256, (6, 8, 3), dtype=np.uint8)
    picture = cv2.resize(coarse, (320, 240), interpolation=cv2.INTER_CUBIC)
    (folder / f"{number:06}.jpg").write_bytes(cv2.imencode(".jpg", picture)[1].tobytes())
"""


def measured(script: str, *arguments: object) -> tuple[int, float, float]:
    """Run a script. Return the count, the seconds and the MB that it prints."""
    command = [sys.executable, "-c", script, *map(str, arguments)]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=True)
    count, seconds, peak_mb = json.loads(done.stdout)
    return count, seconds, peak_mb


def table(title: str, rows: list[tuple[int, float, float]]) -> None:
    """Print each row, and how much it grew from the row before."""
    print(f"| {title} | seconds | peak MB | time grew by | memory grew by |\n| --- | --- | --- | --- | --- |")
    before = None
    for count, seconds, peak_mb in rows:
        grown = "- | -" if before is None else f"{seconds / before[0]:.1f} | {peak_mb / before[1]:.2f}"
        print(f"| {count} | {seconds:.1f} | {peak_mb:.0f} | {grown} |", flush=True)
        before = seconds, peak_mb
    print()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=int, nargs="*", default=[1000, 10000, 100000])
    parser.add_argument("--rows", type=int, nargs="*", default=[1000, 10000, 100000, 1000000])
    parser.add_argument("--width", type=int, default=1280)
    parser.add_argument("--algorithm", choices=["kmeans", "graph"], default="kmeans", help="how rows are clustered")
    parser.add_argument("--work", type=Path, help="where images are made; by default where temporary files go")
    options = parser.parse_args()
    print(described())
    with tempfile.TemporaryDirectory(dir=options.work) as work:
        found, made = [], 0
        for count in sorted(options.images):
            subprocess.run([sys.executable, "-c", MAKE, work, str(made), str(count)], check=True)
            made = count
            if not found:
                measured(EXTRACT, work)  # this converts the model before the timing begins
            found.append(measured(EXTRACT, work))
        if found:
            table("images to features, efficientnet-lite0", found)
    if options.rows:
        table(
            f"rows x {options.width} to labels, 20 categories, {options.algorithm}",
            [measured(CLUSTER, count, options.width, options.algorithm) for count in sorted(options.rows)],
        )
