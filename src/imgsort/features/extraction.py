"""Joins a model and a way of running it: what makes an image's features, and all that determines them."""

import importlib.metadata
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass

from imgsort.errors import ConversionError
from imgsort.features.cache.model_store import stored_or_made
from imgsort.features.extract import Extractor
from imgsort.features.keras_backend import Device
from imgsort.features.models.pooled_model import FeatureModel
from imgsort.features.runtimes.convert import ConvertedPrecision, conversion_key, convert
from imgsort.features.runtimes.litert import LiteRTExtractor
from imgsort.features.runtimes.tensorflow import TensorFlowExtractor
from imgsort.features.runtimes.ways import Precision, Way, choose_way
from imgsort.images.decoding.decode import READER_VERSION, ReadSettings

_PATIENCE = {"float32": "some seconds", "int8": "up to some minutes"}


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
    extractor: Extractor
    if way.runtime == "litert" and way.precision in ("float32", "int8"):
        try:
            extractor, made_of = _with_litert(model, way.precision, batch_size, notice)
        except ConversionError as error:
            if precision not in ("auto", "float32"):
                raise
            notice(f"{error} TensorFlow itself runs it in float32, which takes longer to start.")
            way = Way("tensorflow", "float32")
    if way.runtime == "tensorflow":
        extractor = TensorFlowExtractor(model, way, batch_size=batch_size)
        made_of = importlib.metadata.version("tensorflow")
    recipe = {
        "model": model.name,
        "weights": model.sha256,
        "size_px": model.size_px,
        "pooling": model.pooling,
        "prepare": asdict(model.prepare),
        **asdict(way),
        "made_of": made_of,
        "reader": READER_VERSION,
        **asdict(read),
    }
    return Extraction(extractor, json.dumps(recipe, sort_keys=True), way)


def _with_litert(
    model: FeatureModel, precision: ConvertedPrecision, batch_size: int | None, notice: Callable[[str], None]
) -> tuple[LiteRTExtractor, str]:
    """Return an extractor of the converted model, and what it is made of: the model's hash and who runs it."""

    def make() -> bytes:
        notice(f"{model.name} is converted to {precision}, once: this takes {_PATIENCE[precision]}.")
        return convert(model, precision)

    converted = stored_or_made(conversion_key(model, precision), make, notice)
    prepare = model.prepare
    made_of = f"{converted.sha256}, LiteRT {importlib.metadata.version('ai-edge-litert')}"
    return LiteRTExtractor(converted, prepare, model.size_px, batch_size=batch_size), made_of
