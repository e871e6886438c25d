"""Joins a model with a way of running it, and describes everything that determines the features."""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass

from imgsort.errors import ConversionError
from imgsort.features.cache.folder import tell_if_temporary
from imgsort.features.keras_backend import Device
from imgsort.features.models.pooled_model import FeatureModel
from imgsort.features.runtimes.interface import Extractor, Way
from imgsort.features.runtimes.table import runtime_after, runtime_named
from imgsort.features.runtimes.ways import HasGpu, Precision, choose_way, has_gpu_here
from imgsort.images.decoding.decode import READER_VERSION, ReadSettings
from imgsort.images.decoding.letterbox import Square


@dataclass(frozen=True)
class Extraction:
    """An extractor with its recipe and its way.

    `recipe` is one line that names everything that determines features. If two recipes are equal, equal bytes give
    equal features. `model` and `read` are the model that runs and how images are read for it.
    """

    extractor: Extractor
    recipe: str
    way: Way
    model: FeatureModel
    read: ReadSettings


def prepare_extraction(
    model: FeatureModel,
    read: ReadSettings,
    *,
    notice: Callable[[str], None],
    batch_size: int | None = None,
    device: Device = "auto",
    precision: Precision = "auto",
    runtime: str | None = None,
    has_gpu: HasGpu = has_gpu_here,
) -> Extraction:
    """Choose how the model runs, and make its extractor ready.

    The first conversion of a model takes seconds; for int8 at a large size it takes minutes. After that, the converted
    model is kept. `runtime` is the runtime that made earlier features, or None for the fastest one. `has_gpu` answers
    for the machines that run the model. Raises UsageError, WeightsError, DeviceError and ConversionError.
    """
    tell_if_temporary(notice)
    way = choose_way(model, device, precision, notice, runtime, has_gpu=has_gpu)
    while True:
        try:
            loaded = runtime_named(way.runtime).load(model, way, batch_size=batch_size, notice=notice)
            break
        except ConversionError as error:
            next_runtime = runtime_after(way.runtime, "float32", "cpu")
            if precision not in ("auto", "float32") or next_runtime.name == way.runtime:
                raise
            notice(f"{error} It runs on {next_runtime.name} in float32 instead.")
            way = Way(next_runtime.name, "float32")
    recipe = {
        "model": model.name,
        "weights": model.sha256,
        "size_px": model.size_px,
        "pooling": model.pooling,
        "prepare": asdict(model.prepare),
        **asdict(way),
        "made_of": loaded.made_of,
        "reader": READER_VERSION,
        **asdict(read),
    }
    if model.square != Square(model.size_px):  # recipes of letterboxed, averaged images stay as they always were
        recipe["square"] = asdict(model.square)
    return Extraction(loaded.extractor, json.dumps(recipe, sort_keys=True), way, model, read)
