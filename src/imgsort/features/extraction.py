"""Joins a model and a way of running it: what makes an image's features, and all that determines them."""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass

from imgsort.errors import ConversionError
from imgsort.features.keras_backend import Device
from imgsort.features.models.pooled_model import FeatureModel
from imgsort.features.runtimes.interface import Extractor, Way
from imgsort.features.runtimes.table import runtime_named, runtimes_for
from imgsort.features.runtimes.ways import Precision, choose_way
from imgsort.images.decoding.decode import READER_VERSION, ReadSettings


@dataclass(frozen=True)
class Extraction:
    """`recipe`: all that determines features, in a line: equal recipes give equal features of equal bytes."""

    extractor: Extractor
    recipe: str
    way: Way


def prepare_extraction(
    model: FeatureModel,
    read: ReadSettings,
    *,
    notice: Callable[[str], None],
    batch_size: int | None = None,
    device: Device = "auto",
    precision: Precision = "auto",
) -> Extraction:
    """Choose how the model is run, and make ready what runs it.

    A model that is converted for the first time takes seconds, in int8 and at a large size minutes; then it is
    kept. Raises UsageError, WeightsError, DeviceError and ConversionError.
    """
    way = choose_way(model, device, precision, notice)
    try:
        loaded = runtime_named(way.runtime).load(model, way, batch_size=batch_size, notice=notice)
    except ConversionError as error:
        if precision not in ("auto", "float32"):
            raise
        notice(f"{error} TensorFlow itself runs it in float32, which takes longer to start.")
        way = Way(runtimes_for("float32", "cpu")[-1].name, "float32")
        loaded = runtime_named(way.runtime).load(model, way, batch_size=batch_size, notice=notice)
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
    return Extraction(loaded.extractor, json.dumps(recipe, sort_keys=True), way)
