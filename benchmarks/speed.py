"""Measures imgsort's speed: whole commands, cold and warm, and how close the pipeline comes to the bare model.

    python benchmarks/speed.py FOLDER [--model NAME] [--weights FILE] [--precision P] [--rounds N]
    python benchmarks/speed.py FOLDER --both VGG16_WEIGHTS RESNET50_WEIGHTS --against 'COMMAND {images} {out}'

The first form measures with the images under FOLDER. It times whole processes, without cached features and with all of
them. Then it times in one process: m, the model alone; d, reading and decoding alone; and the speed that both reach
together, as a share of 1 / (m + d) images/s. The second form runs `categorize` and `outliers` on a flat copy of FOLDER,
in turn with any other command, and prints the ratio. Models are converted before the timing begins. Figures are medians
of --rounds.
"""

import argparse
import contextlib
import os
import shlex
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

from machine import described
from pipeline import Pipeline

from imgsort.features.extraction import prepare_extraction
from imgsort.features.models.choose import choose_model
from imgsort.features.models.pooled_model import PooledModel
from imgsort.features.weights.fetching import Fetching
from imgsort.images.decoding import decode
from imgsort.images.decoding.decoders import opencv_decoder
from imgsort.images.finding.find import find_images

IMGSORT = [sys.executable, "-m", "imgsort"]


@dataclass(frozen=True)
class Run:
    """What a process needed: wall time in seconds, and its peak of resident memory in MB."""

    seconds: float
    peak_mb: float


def run(command: Sequence[str], **environment: str) -> Run:
    """Run a command to its end. If it fails, show its message and raise CalledProcessError."""
    script = (
        "import resource, subprocess, sys\n"
        "done = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)\n"
        "if done.returncode: sys.exit(done.stderr.decode())\n"
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
    )
    begun = time.perf_counter()
    # A small process is in between, because Linux counts a parent's resident memory into its child's peak.
    done = subprocess.run(
        [sys.executable, "-S", "-c", script, *command],
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return Run(time.perf_counter() - begun, int(done.stdout) / 1024)


def median(runs: Sequence[Run]) -> Run:
    return Run(statistics.median(run.seconds for run in runs), max(run.peak_mb for run in runs))


@contextlib.contextmanager
def flat_copy(folder: Path) -> Iterator[Path]:
    """Give a folder with copies of all images of `folder` on one level. The copies keep their times."""
    with tempfile.TemporaryDirectory() as work:
        for number, file in enumerate(find_images(folder, recursive=True).files):
            shutil.copy2(folder / file.path, Path(work, f"{number:06}_{file.name}"))
        yield Path(work)


def whole_processes(folder: Path, options: list[str], rounds: int) -> None:
    """Print what a cold and a warm `categorize` need, as a dry run and with files moved.

    Undo moves the files back.
    """
    with flat_copy(folder) as images:
        count = sum(1 for _ in images.iterdir())
        command = [*IMGSORT, "categorize", str(images), "--quiet", "--clusters"]
        run([*command, "8", "--dry-run", *options])
        rows = {
            "cold, nothing kept, dry run": [*command, "8", "--dry-run", "--no-cache", *options],
            "warm, another --clusters, dry run": [*command, "7", "--dry-run", *options],
            "warm, another --clusters, files moved": [*command, "7", *options],
        }
        print(f"| whole process, {count} images | seconds | images/s | peak MB |\n| --- | --- | --- | --- |")
        for name, arguments in rows.items():
            runs = []
            for _ in range(rounds):
                runs.append(run(arguments))
                if "--dry-run" not in arguments:
                    run([*IMGSORT, "undo", str(images), "--quiet"])
            middle = median(runs)
            print(
                f"| {name} | {middle.seconds:.2f} | {count / middle.seconds:.0f} | {middle.peak_mb:.0f} |", flush=True
            )


def compare_with_bare_model(folder: Path, name: str, weights: Path | None, precision: str, rounds: int) -> None:
    """Print the times of the model alone, of reading alone and of both together, in this process."""
    model = choose_model(name, name, weights, Fetching(print))
    pooled = PooledModel(model, model.backbone.size_px)
    way = prepare_extraction(pooled, decode.DEFAULTS, notice=lambda text: None, precision=precision)
    timed = Pipeline(folder, way)
    rows = [(timed.seconds_to_compute(), timed.seconds_to_read(), timed.seconds_together()) for _ in range(rounds)]
    m, d, both = (statistics.median(column) for column in zip(*rows, strict=True))
    share = statistics.median((m + d) / both for m, d, both in rows)
    with mock.patch.object(opencv_decoder, "_reduced_flag", lambda *_: 0):
        scaled = statistics.median(timed.seconds_to_read() for _ in range(rounds)) / d
    print("\n| model | photographs | m, ms | d, ms | together, ms | share of 1 / (m + d) | whole decoding: d x |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    print(
        f"| {name} at {pooled.size_px} px, {way.way.precision} | {folder.name}, {len(timed.files)} "
        f"| {1e3 * m:.2f} | {1e3 * d:.2f} | {1e3 * both:.2f} | {share:.3f} | {scaled:.1f} |",
        flush=True,
    )


def both_jobs(folder: Path, weights: list[Path], against: str, rounds: int) -> None:
    """Print what both jobs need, in each precision, and what the other command needs. They run in turn."""
    with flat_copy(folder) as images, tempfile.TemporaryDirectory() as work:

        def jobs(precision: str) -> Run:
            common = ["--no-cache", "--quiet", "--copy", "--precision", precision]
            runs = []
            for command, model, file in zip(("categorize", "outliers"), ("vgg16", "resnet50"), weights, strict=True):
                out = tempfile.mkdtemp(dir=work)
                options = ["--model", model, "--weights", str(file), "--output", out, *common]
                runs.append(run([*IMGSORT, command, str(images), *options]))
            return Run(sum(run.seconds for run in runs), max(run.peak_mb for run in runs))

        def other() -> Run:
            out = tempfile.mkdtemp(dir=work)
            return run([part.format(images=images, out=out) for part in shlex.split(against)])

        found: dict[str, list[Run]] = {"the other command": [], "auto": [], "int8": []}
        for precision in ("auto", "int8"):
            jobs(precision)
        for _ in range(rounds):
            found["the other command"].append(other())
            for precision in ("auto", "int8"):
                found[precision].append(jobs(precision))
    theirs = median(found["the other command"])
    print("| both jobs, whole processes | seconds | times as fast | peak MB | share of memory |")
    print("| --- | --- | --- | --- | --- |")
    for name, runs in found.items():
        ours = median(runs)
        ratio = statistics.median(a.seconds / b.seconds for a, b in zip(found["the other command"], runs, strict=True))
        print(
            f"| {name} | {ours.seconds:.1f} | {ratio:.2f} | {ours.peak_mb:.0f} | {ours.peak_mb / theirs.peak_mb:.2f} |"
        )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--model", default="efficientnet-lite0")
    parser.add_argument("--weights", type=Path)
    parser.add_argument("--precision", default="auto")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--both", nargs=2, type=Path, metavar=("VGG16_WEIGHTS", "RESNET50_WEIGHTS"))
    parser.add_argument("--against", help="another command, with {images} and {out}")
    parser.add_argument("--pipeline-only", action="store_true")
    arguments = parser.parse_args()
    if (arguments.both is None) != (arguments.against is None):
        parser.error("--both and --against go together")
    print(described())
    if arguments.both:
        both_jobs(arguments.folder, arguments.both, arguments.against, arguments.rounds)
    else:
        model_options = ["--model", arguments.model, "--precision", arguments.precision]
        model_options += ["--weights", str(arguments.weights)] if arguments.weights else []
        if not arguments.pipeline_only:
            whole_processes(arguments.folder, model_options, arguments.rounds)
        compare_with_bare_model(
            arguments.folder, arguments.model, arguments.weights, arguments.precision, arguments.rounds
        )
