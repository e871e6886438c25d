"""Compares the groups of a sample, spread to all rows, with the groups of all rows.

    python benchmarks/sampling.py [--rows 200000] [--width 1280] [--clusters 20] [--separation 3 1.5]
        [--algorithm kmeans graph] [--sizes 5120 50000 100000] [--times 1 2 3]
    python benchmarks/sampling.py --index [--rows 100000] [--width 512]

The rows are made, in groups whose sizes fall fortyfold; with a separation of 1.5, groups of K-Means are wrong however
they are made. "Inertia" is that of all rows in the reduced space, as a multiple of that of all rows grouped at once.
"Found": of the groups with at least 0.5 % of the rows, those that are a category. "Times" is how often all rows join
their nearest centre. With --index, the script measures how many of the nearest rows the index finds, and how quickly.
"""

import argparse
import time

import numpy as np
from machine import described
from made_rows import made, recovered
from numpy.typing import NDArray
from sklearn.metrics import adjusted_rand_score

from imgsort.grouping.categories.group import group_rows
from imgsort.grouping.graph.neighbours import nearest_rows
from imgsort.grouping.streams import cells, sample, sampled
from imgsort.mapped import empty_matrix


def matrix_of(rows: int, width: int, clusters: int, separation: float) -> tuple[NDArray[np.float32], NDArray[np.intp]]:
    """Return made rows, float32 (rows, width), and the group of each."""
    matrix, truth, start = empty_matrix(rows, width), np.empty(rows, dtype=np.intp), 0
    for part, groups in made(rows, width, clusters, separation=separation, at_a_time=10_000):
        place = slice(start, start + len(part))
        matrix[place], truth[place] = part, groups
        start = place.stop
    return matrix, truth


def compare(options: argparse.Namespace, separation: float, algorithm: str) -> None:
    """Print the lines of one algorithm: all rows first, then samples."""
    matrix, truth = matrix_of(options.rows, options.width, options.clusters, separation)
    whole = None
    for size in [options.rows, *options.sizes]:
        for times in options.times if algorithm == "kmeans" and size < options.rows else [sampled.TIMES]:
            sample.MOST_AT_ONCE, sampled.TIMES = size, times
            start, busy = time.perf_counter(), time.process_time()
            grouping = group_rows(matrix, options.clusters, algorithm=algorithm)
            seconds, busy = time.perf_counter() - start, time.process_time() - busy
            inertia = float(np.square(grouping.distances).sum())
            whole = whole or inertia
            agreement = adjusted_rand_score(truth, grouping.labels)
            shown = "all" if grouping.sample is None else f"{size}, {times}" if algorithm == "kmeans" else size
            print(
                f"| {algorithm} | {separation} | {shown} | {seconds:.0f} | {busy:.0f} | {inertia / whole:.5f} | "
                f"{recovered(truth, grouping.labels)} | {agreement:.4f} |",
                flush=True,
            )


def index(options: argparse.Namespace) -> None:
    """Print how many of the nearest rows are found, by the number of cells asked."""
    queries = 5000
    matrix, _ = matrix_of(options.rows + queries, options.width, options.clusters, options.separation[-1])
    rows, asked = matrix[: options.rows], matrix[options.rows :]
    lengths = np.einsum("ij,ij->i", rows, rows)
    exact = np.array([np.argsort(lengths - 2 * (rows @ one), kind="stable")[:10] for one in asked])
    start = time.perf_counter()
    made_cells = cells.Cells(rows)
    print(f"{options.rows} x {options.width}: made in {time.perf_counter() - start:.1f} s")
    print("| cells asked | of the nearest | of the ten nearest | queries/s |\n| --- | --- | --- | --- |")
    for cells._CELLS_ASKED in (1, 2, 4, 8, 16, 32):
        start = time.perf_counter()
        one = made_cells.nearest(asked, 1)
        seconds = time.perf_counter() - start
        ten = made_cells.nearest(asked, 10)
        shares = [
            np.mean([len(set(a) & set(b[:count])) / count for a, b in zip(found, exact, strict=True)])
            for found, count in ((one, 1), (ten, 10))
        ]
        print(f"| {cells._CELLS_ASKED} | {shares[0]:.4f} | {shares[1]:.4f} | {queries / seconds:.0f} |", flush=True)
    start = time.perf_counter()
    nearest_rows(rows[: options.rows // 10], 40)
    print(f"forty nearest of {options.rows // 10} rows by full comparison: {time.perf_counter() - start:.1f} s")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument("--width", type=int, default=1280)
    parser.add_argument("--clusters", type=int, default=20)
    parser.add_argument("--separation", type=float, nargs="+", default=[3.0, 1.5])
    parser.add_argument("--algorithm", choices=["kmeans", "graph"], nargs="+", default=["kmeans", "graph"])
    parser.add_argument("--sizes", type=int, nargs="+", default=[5120, 50_000, 100_000])
    parser.add_argument("--times", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--index", action="store_true", help="measure the index instead")
    options = parser.parse_args()
    print(described())
    if options.index:
        index(options)
    else:
        print("| by | separation | sample | seconds | CPU seconds | inertia | found | ARI |")
        print("| --- | --- | --- | --- | --- | --- | --- | --- |")
        for chosen in options.algorithm:
            for apart in options.separation:
                compare(options, apart, chosen)
