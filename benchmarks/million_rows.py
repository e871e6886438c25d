"""Measures time and memory from a dataset of features to labels: a million rows of 1280 by K-Means and by the graph.

    python benchmarks/million_rows.py [--rows 1000000] [--clusters 20] [--algorithm kmeans graph]
        [--work FOLDER] [--dataset FOLDER]

The script makes the rows, in groups whose sizes fall fortyfold, and writes them as `imgsort embed` writes features: as
parts of Parquet, 5 GB for a million rows. Then a process of its own reads the dataset and groups its rows, as
`imgsort categorize --features` does. Memory is the sum over this process and all that it started, read four times a
second. "Resident" also counts the pages of mapped files that the system may take back; "own" counts what only a process
can give back. The disk needs room for the features twice. All that was made is removed at the end, but for a --dataset.
"""

import argparse
import hashlib
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from machine import described
from made_rows import made, recovered

from imgsort.features.dataset.head import DatasetHead
from imgsort.features.dataset.part import Row, rows_in_part, write_part
from imgsort.features.dataset.place import FolderPlace

SEPARATION = 3.0
HEAD = DatasetHead("made-up rows", {"name": "made-up"}, "nowhere", began_ns=time.time_ns())

GROUP = """
import json, sys, time
from pathlib import Path
import numpy as np
from imgsort.features.dataset.place import FolderPlace
from imgsort.features.dataset.reader import Dataset
from imgsort.grouping.categories.group import group_rows
start = time.perf_counter()
dataset = Dataset.opened(FolderPlace(Path(sys.argv[1])))
matrix = dataset.matrix(np.arange(len(dataset)))
read = time.perf_counter()
grouping = group_rows(matrix, int(sys.argv[2]), algorithm=sys.argv[3])
grouped = time.perf_counter()
paths = np.concatenate([part.paths.to_numpy(zero_copy_only=False) for part in dataset.parts])
np.savez(sys.argv[4], labels=grouping.labels, truth=np.array([int(path.split("/")[0]) for path in paths]))
print(json.dumps([read - start, grouped - read, matrix.shape[1]]))
"""


def write_dataset(folder: Path, rows: int, width: int, clusters: int) -> None:
    """Write the rows as a dataset. The path of a row begins with its group."""
    written = 0
    for features, truth in made(rows, width, clusters, separation=SEPARATION, at_a_time=rows_in_part(width)):
        some = [
            Row(
                f"{group}/{written + number}.jpg",
                1000,
                10**18,
                hashlib.sha256(str(written + number).encode()).hexdigest(),
                one,
            )
            for number, (one, group) in enumerate(zip(features, truth, strict=True))
        ]
        write_part(FolderPlace(folder), HEAD, some)
        written += len(some)


def memory_mb(process: int) -> tuple[float, float]:
    """Return the resident and the own memory of a process and of all that it started."""
    resident = own = 0
    waiting = [process]
    while waiting:
        number = waiting.pop()
        folder = Path(f"/proc/{number}")
        try:
            fields = dict(line.split(":", 1) for line in (folder / "status").read_text(encoding="ascii").splitlines())
            resident += int(fields["VmRSS"].split()[0])
            own += int(fields["RssAnon"].split()[0])
            waiting += [
                int(child)
                for task in (folder / "task").iterdir()
                for child in (task / "children").read_text(encoding="ascii").split()
            ]
        except (OSError, KeyError):
            continue  # it has just ended
    return resident / 1024, own / 1024


def peak_mb(process: subprocess.Popen[str] | subprocess.Popen[bytes]) -> tuple[float, float]:
    """Wait for the end of a process. Return the most resident and the most own memory that it had."""
    resident = own = 0.0
    while process.poll() is None:
        found = memory_mb(process.pid)
        resident, own = max(resident, found[0]), max(own, found[1])
        time.sleep(0.25)
    return resident, own


def measured(folder: Path, clusters: int, algorithm: str) -> str:
    """Group the rows of a dataset in a process of its own. Return cells of the table."""
    with tempfile.NamedTemporaryFile(suffix=".npz") as result:
        command = [sys.executable, "-c", GROUP, str(folder), str(clusters), algorithm, result.name]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        peak = peak_mb(process)
        if process.returncode:
            raise SystemExit(f"{algorithm}: the process ended with {process.returncode}")
        reading, grouping, width = json.loads(process.communicate()[0])
        loaded = np.load(result.name)
        found = recovered(loaded["truth"], loaded["labels"])
    rows = f"{len(loaded['labels'])} x {width}"
    return f"{rows} | {algorithm} | {reading:.0f} | {grouping:.0f} | {peak[0]:.0f} | {peak[1]:.0f} | {found}"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--width", type=int, default=1280)
    parser.add_argument("--clusters", type=int, default=20)
    parser.add_argument("--algorithm", choices=["kmeans", "graph"], nargs="*", default=["kmeans", "graph"])
    parser.add_argument("--work", type=Path, help="where the dataset is made; by default where temporary files go")
    parser.add_argument(
        "--dataset",
        type=Path,
        help="a folder for the dataset that stays; if it is there, it is used as it is, and --rows means nothing",
    )
    options = parser.parse_args()
    print(described())
    with tempfile.TemporaryDirectory(dir=options.work) as work:
        folder = options.dataset or Path(work)
        if not list(folder.glob("*.parquet")):
            write_dataset(folder, options.rows, options.width, options.clusters)
        print("| rows | by | reading, s | grouping, s | resident, MB | own, MB | groups found |")
        print("| --- | --- | --- | --- | --- | --- | --- |")
        for chosen in options.algorithm:
            line = measured(folder, options.clusters, chosen)
            print(f"| {line} |", flush=True)
