"""Times the Ray engine against the local one: one worker with all cores, and two workers of one core against one.

    python benchmarks/ray_engine.py FOLDER [--images 1700] [--rounds 5] [--model NAME]

A round looks at the images once and three times over; half of the difference is what the images take without the start
of Ray, of its workers and of the model. FOLDER is searched with its subfolders, and only looked at. The cache is not
used. Figures are medians of --rounds, in turn. For the second table, each worker and what feeds it is bound to a core.
"""

import argparse
import contextlib
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from machine import described

from imgsort.engines.ray.engine import RayEngine
from imgsort.features.engine import LOCAL, Engine, FolderImages
from imgsort.features.extraction import Extraction, prepare_extraction
from imgsort.features.models.choose import choose_model
from imgsort.features.models.pooled_model import PooledModel
from imgsort.features.weights.fetching import Fetching
from imgsort.images.decoding.decode import DEFAULTS
from imgsort.images.finding.find import find_images

_TIMES = 3
_STORE_BYTES = 500 * 1024**2


def rate(engine: Engine, images: FolderImages, extraction: Extraction) -> float:
    """Return images a second, without the start."""
    once, often = (seconds(engine, images, extraction, times) for times in (1, _TIMES))
    return len(images.files) * (_TIMES - 1) / (often - once)


def seconds(engine: Engine, images: FolderImages, extraction: Extraction, times: int) -> float:
    repeated = FolderImages(images.root, images.files * times)
    begun = time.perf_counter()
    done = sum(len(batch) for batch in engine.see(repeated, range(len(repeated.files)), extraction))
    assert done == len(repeated.files)
    return time.perf_counter() - begun


@contextlib.contextmanager
def cluster(machines: int) -> Iterator[None]:
    """Start a Ray whose machines have one core each, and bind each of them to one."""
    cores = sorted(os.sched_getaffinity(0))
    os.environ |= {"RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0", "RAY_USAGE_STATS_ENABLED": "0"}
    os.environ |= {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": os.urandom(32).hex()}
    import ray
    from ray.cluster_utils import Cluster

    machine = {"num_cpus": 1, "object_store_memory": _STORE_BYTES, "node_ip_address": "127.0.0.1"}
    made = Cluster()
    try:
        for core in cores[:machines]:
            os.sched_setaffinity(0, {core})
            made.add_node(**machine, include_dashboard=False)
        os.sched_setaffinity(0, cores)
        made.wait_for_nodes()
        ray.init(made.address, log_to_driver=False, logging_level="error")
        yield
    finally:
        os.sched_setaffinity(0, cores)
        ray.shutdown()
        made.shutdown()


def prepared(model: str, folder: Path, count: int) -> tuple[FolderImages, Extraction]:
    chosen = choose_model(model, model, None, Fetching(print))
    pooled = PooledModel(chosen, chosen.backbone.size_px, "avg", chosen.backbone.high_quality_fit)
    files = find_images(folder, recursive=True).files[:count]
    extraction = prepare_extraction(pooled, DEFAULTS, notice=lambda text: None)
    return FolderImages(folder.resolve(), files), extraction


def measure(arguments: argparse.Namespace) -> float:
    """Return the rate of one engine, in this process."""
    images, extraction = prepared(arguments.model, arguments.folder, arguments.images)
    seconds(LOCAL, FolderImages(images.root, images.files[:50]), extraction, 1)
    ray = RayEngine(None, lambda text: None)
    if arguments.only == "local":
        return rate(LOCAL, images, extraction)
    if arguments.only == "ray":
        return rate(ray, images, extraction)
    with cluster(int(arguments.only)):
        return rate(ray, images, extraction)


def in_turn(names: list[str], rounds: int) -> dict[str, list[float]]:
    """Measure each of the engines in a process of its own, in turn."""
    rates: dict[str, list[float]] = {name: [] for name in names}
    for _ in range(rounds):
        for name in names:
            line = [sys.executable, *sys.argv, "--only", name]
            done = subprocess.run(line, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=True)
            rates[name].append(float(done.stdout))
            print(f"{name}: {rates[name][-1]:.0f} images/s, load {os.getloadavg()[0]:.1f}", file=sys.stderr, flush=True)
    return rates


def show(title: str, rates: dict[str, list[float]], words: dict[str, str]) -> None:
    print(f"\n| {title} | images/s | lowest, highest | share of the first |\n| --- | --- | --- | --- |")
    first = statistics.median(next(iter(rates.values())))
    for name, found in rates.items():
        middle = statistics.median(found)
        print(f"| {words[name]} | {middle:.0f} | {min(found):.0f}, {max(found):.0f} | {middle / first:.2f} |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--images", type=int, default=1700)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--model", default="efficientnet-lite2")
    parser.add_argument("--only", choices=["local", "ray", "1", "2"], help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.only is not None:
        print(measure(arguments))
        return
    print(described() + f"{arguments.model}, {arguments.images} images, load {os.getloadavg()[0]:.1f}")
    words = {"local": "local", "ray": "one Ray worker", "1": "one worker of one core", "2": "two workers of one core"}
    show("all cores", in_turn(["local", "ray"], arguments.rounds), words)
    show("bound to cores", in_turn(["1", "2"], arguments.rounds), words)


if __name__ == "__main__":
    main()
