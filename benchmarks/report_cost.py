"""Measures what a page costs a command: `categorize --dry-run` with thumbnails and a map, and without, in turn.

    python benchmarks/report_cost.py FOLDER [--rounds N] [-- OPTIONS OF CATEGORIZE]

Each run is a process of its own. FOLDER is only looked at. `cold` has converted models, but no features, thumbnails or
map; `warm` has everything. `seen before` has features, but neither thumbnails nor a map: each image is read once more.
Figures are medians of --rounds processes; the differences are those of runs beside each other. Seconds of the processor
say more than others if the machine is busy.
"""

import argparse
import os
import resource
import statistics
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from machine import described
from speed import run

COMMAND = """
import contextlib, sys
from imgsort.features.cache.map_cache import MapCache
from imgsort.features.cache.thumbnail_cache import ThumbnailCache
from imgsort.jobs.listener import Listener
from imgsort.jobs.organize.categorize import categorize
from imgsort.jobs.session.maps import map_of
from imgsort.jobs.thumbnails import Thumbnails

class Paging(Listener):
    def __init__(self):
        self.made = Thumbnails(ThumbnailCache(notice=print))

    def thumbnails(self):
        return self.made

    def studied(self, study):
        found = self.made.all_of(study.site.collection, study.files, study.contents)
        assert None not in found
        self.made.close()
        with contextlib.closing(MapCache(notice=print)) as cache:
            assert map_of(study, cache).shape == (len(study.files), 2)

folder, wanted, *options = sys.argv[1:]
pairs = dict(option.split("=") for option in options)
categorize(folder, dry_run=True, listener=Paging() if wanted == "page" else None, **pairs)
"""


@dataclass(frozen=True)
class Cost:
    """What a process needed: wall time and time of the processors, in seconds, and its peak of memory in MB."""

    seconds: float
    worked: float
    peak_mb: float


def worked() -> float:
    """Return the seconds that the processors have worked for the processes that this one has started."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


class Cache:
    """A cache folder from which parts can be taken away before a run."""

    def __init__(self, folder: Path, command: Sequence[str]) -> None:
        self._folder, self._command = folder, command

    def run(self, wanted: str, without: Sequence[str] = ()) -> Cost:
        """Run the command, after the stores with these names are removed."""
        for name in without:
            for file in self._folder.glob(f"{name}.sqlite*"):
                file.unlink()
        folder, *options = self._command
        command = [sys.executable, "-c", COMMAND, folder, wanted, *options]
        before = worked()
        done = run(command, IMGSORT_CACHE_DIR=str(self._folder))
        return Cost(done.seconds, worked() - before, done.peak_mb)


def compare(folder: Path, options: Sequence[str], rounds: int) -> None:
    images = sum(file.is_file() for file in folder.iterdir())
    with tempfile.TemporaryDirectory() as work:
        cache = Cache(Path(work), [str(folder), *options])
        cache.run("plain")  # converts the model
        both = ("features", "thumbnails")
        ways: dict[str, Callable[[str], Cost]] = {
            "cold": lambda wanted: cache.run(wanted, both),
            "warm": cache.run,
            "seen before": lambda wanted: cache.run(wanted, ("thumbnails",)),
        }
        print(
            "| | without, s | with, s | more, s | more, ms an image | of the processors | MB | MB |\n|" + " --- |" * 8
        )
        for name, way in ways.items():
            way("page")
            pairs = [(way("plain"), way("page")) for _ in range(rounds)]
            without, with_page = (statistics.median(each.seconds for each in one) for one in zip(*pairs, strict=True))
            more = statistics.median(page.seconds - plain.seconds for plain, page in pairs)
            more_work = statistics.median(page.worked - plain.worked for plain, page in pairs)
            peaks = [max(each.peak_mb for each in one) for one in zip(*pairs, strict=True)]
            seconds = f"{without:.2f} | {with_page:.2f} | {more:.2f}"
            of_an_image = f"{1000 * more / images:.2f} | {1000 * more_work / images:.2f}"
            print(f"| {name} | {seconds} | {of_an_image} | {peaks[0]:.0f} | {peaks[1]:.0f} |", flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("options", nargs="*", help="options of categorize, for example model=efficientnet-lite0")
    arguments = parser.parse_args()
    os.environ["IMGSORT_OFFLINE"] = "1"
    print(described())
    print(f"load at the start {os.getloadavg()[0]:.1f}\n")
    compare(arguments.folder.resolve(), arguments.options, arguments.rounds)
