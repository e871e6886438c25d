"""Measures models on a CUDA GPU: the pipeline's share of 1 / max(m, d), because reading and the model overlap.

    python benchmarks/gpu.py FOLDER [--model NAME] [--weights FILE] [--rounds N]

m is the time of the model alone, and d that of reading and decoding alone. If the driver has no GPU, the script only
says so.
"""

import argparse
import statistics
from pathlib import Path

from machine import described
from pipeline import Pipeline

from imgsort.features.extraction import prepare_extraction
from imgsort.features.keras_backend import require_gpu
from imgsort.features.models.choose import choose_model
from imgsort.features.models.pooled_model import PooledModel
from imgsort.features.runtimes.cuda import cuda_device_count
from imgsort.features.weights.fetching import Fetching
from imgsort.images.decoding.decode import DEFAULTS


def measure(folder: Path, name: str, weights: Path | None, rounds: int) -> None:
    model = choose_model(name, name, weights, Fetching(print))
    pooled = PooledModel(model, model.backbone.size_px)
    print("| model | m, ms | d, ms | together, ms | share of 1 / max(m, d) |\n| --- | --- | --- | --- | --- |")
    for precision in ("float32", "auto"):
        way = prepare_extraction(pooled, DEFAULTS, notice=lambda text: None, precision=precision, device="gpu")
        timed = Pipeline(folder, way)
        rows = []
        for _ in range(rounds):
            m, d, together = timed.seconds_to_compute(), timed.seconds_to_read(), timed.seconds_together()
            rows.append((m, d, together, max(m, d) / together))
        m, d, together, share = (statistics.median(column) for column in zip(*rows, strict=True))
        print(
            f"| {name} at {pooled.size_px} px, {way.way.precision} | {1e3 * m:.2f} | {1e3 * d:.2f} "
            f"| {1e3 * together:.2f} | {share:.3f} |",
            flush=True,
        )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--model", default="efficientnet-lite0")
    parser.add_argument("--weights", type=Path)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    print(described())
    if cuda_device_count() == 0:
        print("There is no CUDA GPU here: NVIDIA's driver is missing, or has none.")
    else:
        print(require_gpu())
        measure(arguments.folder, arguments.model, arguments.weights, arguments.rounds)
