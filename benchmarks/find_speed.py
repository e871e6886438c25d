"""Measures how long `imgsort find` takes in a large collection whose features are in the cache, and where time goes.

    python benchmarks/find_speed.py PHOTOS [--files 100000] [--folders 100] [--runs 5] [--work FOLDER] [--model NAME]

The script makes the collection: small JPEGs, each a random crop of one of the photographs in PHOTOS. It fills a cache
of its own once, which takes minutes. With --work, both stay in that folder for the next time. Then it runs the whole
command in processes of their own, each with a new picture to look for: the first time, when only the features are kept,
and again, when their table is kept too.
"""

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from machine import described

MAKE = """
import random, sys
from pathlib import Path
import cv2, numpy as np
photos, folder, first, last, folders = sys.argv[1:3] + [int(number) for number in sys.argv[3:]]
files = sorted(file for file in Path(photos).rglob("*") if file.suffix.lower() in (".jpg", ".jpeg", ".png"))
step = random.Random(first)
pictures = []
for file in step.sample(files, min(400, len(files))):
    try:
        picture = cv2.imdecode(np.fromfile(file, np.uint8), cv2.IMREAD_REDUCED_COLOR_2)
    except cv2.error:
        continue
    if picture is not None and min(picture.shape[:2]) >= 48:
        pictures.append(picture)
for number in range(first, last):
    picture = step.choice(pictures)
    side = step.randint(40, min(picture.shape[:2]))
    top, left = (step.randint(0, length - side) for length in picture.shape[:2])
    small = cv2.resize(picture[top : top + side, left : left + side], (64, 64), interpolation=cv2.INTER_AREA)
    place = Path(folder) / f"{number % folders:03}" / f"IMG_{number:06}.jpg"
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(cv2.imencode(".jpg", small)[1].tobytes())
"""

# Runs the command, and writes how long its stages took. A stage's time does not count for the stage around it.
TIMED = """
import json, sys, time
before = float(sys.argv[1])
from imgsort.cli import main
from imgsort.grouping import nearest
from imgsort.jobs.look import find
from imgsort.jobs.look.finding import rows, search, seeing
from imgsort.jobs.session import collection
seconds, running = {}, []
def timed(module, name, stage):
    inner = getattr(module, name)
    def outer(*args, **options):
        running.append(0.0)
        start = time.time()
        try:
            return inner(*args, **options)
        finally:
            taken = time.time() - start
            seconds[stage] = seconds.get(stage, 0.0) + taken - running.pop()
            if running: running[-1] += taken
    setattr(module, name, outer)
def timed_parts(owner, name, stage):
    inner = getattr(owner, name)
    def outer(*args):
        parts = Parts(inner(*args))
        while (part := parts.next()) is not None:
            yield part
    class Parts:
        def __init__(self, parts): self.parts = parts
        def next(self): return next(self.parts, None)
    timed(Parts, "next", stage)
    setattr(owner, name, outer)
timed(collection, "list_collection", "listing")
timed(seeing, "chosen_model", "backbone and query")
timed(seeing, "prepare_extraction", "backbone and query")
timed(find, "seen_query", "backbone and query")
timed(search, "_nearest", "the rest of the search")
timed(rows.RowTable, "opened", "reading the table")
timed(rows.CollectionRows, "_matched", "comparing the listing with the table")
timed(nearest.NearestRows, "see", "comparing the rows")
timed(rows.TableWriter, "add", "keeping the table")
timed(rows.TableWriter, "keep", "keeping the table")
timed_parts(rows.CollectionRows, "_parts_of_table", "reading the table")
timed_parts(rows.CollectionRows, "_parts_of_cache", "reading the features one by one")
started = time.time() - before
try:
    main(sys.argv[3:])
finally:
    with open(sys.argv[2], "w") as file:
        json.dump({"start and imports": started, **seconds}, file)
"""


def make_collection(photos: Path, work: Path, files: int, folders: int) -> Path:
    """Return the collection in `work`, which is made unless it is there."""
    folder = work / f"photos_{files}_{folders}"
    if not folder.exists():
        part = work / "unfinished"
        for first in range(0, files, 10_000):
            make(photos, part, first, min(first + 10_000, files), folders)
        part.rename(folder)
        time.sleep(3)  # the cache believes no file that was written just now
    return folder


def make(photos: Path, folder: Path, first: int, last: int, folders: int) -> None:
    numbers = map(str, (first, last, folders))
    subprocess.run([sys.executable, "-c", MAKE, photos, folder, *numbers], check=True, stderr=subprocess.DEVNULL)


def run(collection: Path, query: Path, cache: Path, extra: list[str]) -> tuple[float, dict[str, float]]:
    """Run the command and return the seconds of the whole process and of its stages."""
    stages = cache.parent / "stages.json"
    command = ["find", str(query), "--in", str(collection), "--json", *extra]
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.time()
    subprocess.run(
        [sys.executable, "-c", TIMED, str(start), stages, *command],
        check=True,
        env={**os.environ, "IMGSORT_CACHE_DIR": str(cache)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    whole = time.time() - start
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    processor = used.ru_utime + used.ru_stime - before.ru_utime - before.ru_stime
    seconds = json.loads(stages.read_text())
    return whole, {**seconds, "the processor, all threads": processor}


def forget_tables(cache: Path) -> None:
    for table in (cache / "tables").glob("*"):
        table.unlink()


def row(name: str, runs: list[tuple[float, dict[str, float]]]) -> None:
    """Print the median of the whole process and of each stage, and the share of each stage."""
    whole = statistics.median(seconds for seconds, _ in runs)
    print(f"| {name} | whole process | {whole:.2f} | |")
    for stage in runs[0][1]:
        median = statistics.median(stages[stage] for _, stages in runs)
        print(f"| {name} | {stage} | {median:.2f} | {median / whole:.0%} |", flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photos", type=Path, help="folder of photographs, with subfolders")
    parser.add_argument("--files", type=int, default=100_000)
    parser.add_argument("--folders", type=int, default=100)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--work", type=Path, help="where everything is made and stays; by default a temporary folder")
    parser.add_argument("--model", help="by default that of `imgsort find`")
    options = parser.parse_args()
    extra = [] if options.model is None else ["--model", options.model]
    with tempfile.TemporaryDirectory() as temporary:
        work = options.work or Path(temporary)
        work.mkdir(parents=True, exist_ok=True)
        cache, queries = work / "cache", Path(temporary, "queries")
        collection = make_collection(options.photos, work, options.files, options.folders)
        seed = int(time.time())
        make(options.photos, queries, seed, seed + 2 * options.runs + 1, 1)
        pictures = sorted(queries.rglob("*.jpg"))
        print(described())
        filling, _ = run(collection, pictures.pop(), cache, extra)
        print(f"{options.files} files in {options.folders} folders. The run that filled the cache: {filling:.0f} s.")
        print(f"Load before: {os.getloadavg()[0]:.1f}\n" if hasattr(os, "getloadavg") else "")
        first, again = [], []
        for _ in range(options.runs):
            forget_tables(cache)
            first.append(run(collection, pictures.pop(), cache, extra))
            again.append(run(collection, pictures.pop(), cache, extra))
        print("| run | stage | seconds, median | share |\n| --- | --- | --- | --- |")
        row("the first time", first)
        row("again", again)
