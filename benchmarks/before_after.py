"""Compares this source with another checkout of it, in turn: the same command, cold and warm.

    git worktree add /tmp/before COMMIT
    python benchmarks/before_after.py /tmp/before FOLDER [--rounds N] [-- OPTIONS OF CATEGORIZE]

Both run in this Python, each with a cache folder of its own. FOLDER is only looked at. `first` is the
very first run, in which models are converted and compiled. `cold` has them, but no features; `warm` has everything.
Figures are medians of --rounds whole processes; memory is the highest peak.
"""

import argparse
import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from machine import described
from speed import Run, median, run

HERE = Path(__file__).resolve().parents[1]
IMGSORT = [sys.executable, "-m", "imgsort"]


class Checkout:
    """A checkout with a cache folder of its own."""

    def __init__(self, source: Path, cache: Path, command: Sequence[str]) -> None:
        self._environment = {"PYTHONPATH": str(source / "src"), "IMGSORT_CACHE_DIR": str(cache)}
        self._cache, self._command = cache, command

    def cold(self) -> Run:
        for file in self._cache.glob("features.sqlite*"):
            file.unlink()
        return self.warm()

    def warm(self) -> Run:
        return run(self._command, **self._environment)


def compare(other: Path, folder: Path, options: list[str], rounds: int) -> None:
    command = [*IMGSORT, "categorize", str(folder), "--dry-run", "--quiet", *options]
    with tempfile.TemporaryDirectory() as work:
        both = [Checkout(source, Path(work, name), command) for name, source in (("before", other), ("after", HERE))]
        first = [[one.cold()] for one in both]
        cold: list[list[Run]] = [[], []]
        warm: list[list[Run]] = [[], []]
        for _ in range(rounds):
            for number, one in enumerate(both):
                cold[number].append(one.cold())
        for _ in range(rounds):
            for number, one in enumerate(both):
                warm[number].append(one.warm())
    print("| `categorize` | before, s | after, s | times as fast | before, MB | after, MB | share |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    what = " ".join([folder.name, *(Path(option).name for option in options)])
    for name, (before, after) in (("first", first), ("cold", cold), ("warm", warm)):
        old, new = median(before), median(after)
        print(
            f"| {what}, {name} | {old.seconds:.2f} | {new.seconds:.2f} | {old.seconds / new.seconds:.2f} "
            f"| {old.peak_mb:.0f} | {new.peak_mb:.0f} | {new.peak_mb / old.peak_mb:.2f} |",
            flush=True,
        )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("other", type=Path, help="a checkout of another commit")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("options", nargs="*", help="options of categorize, after --")
    arguments = parser.parse_args()
    os.environ["IMGSORT_OFFLINE"] = "1"
    print(described())
    compare(arguments.other.resolve(), arguments.folder.resolve(), arguments.options, arguments.rounds)
