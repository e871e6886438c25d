"""Turns a Keras model into one that LiteRT and OpenVINO run, in float32 or, by post-training quantisation, in int8."""

import contextlib
import importlib.metadata
import logging
import warnings
from collections.abc import Callable, Iterator
from typing import Any, Literal

from imgsort.errors import ConversionError
from imgsort.features.cache.model_store import ConvertedModel, known_or_made
from imgsort.features.keras_backend import import_keras, on_processor, silent_descriptors
from imgsort.features.models.pooled_model import FeatureModel
from imgsort.features.runtimes.conversion.calibration import calibration_squares
from imgsort.features.runtimes.conversion.frozen_graph import freeze

ConvertedPrecision = Literal["float32", "int8"]

# Raise this number when this file, or the tools that it uses, would give a better model for the same weights.
CONVERTER_VERSION = 1

_PATIENCE = {"float32": "some seconds", "int8": "up to some minutes"}


def conversion_key(model: FeatureModel, precision: ConvertedPrecision) -> str:
    """Return one line that names everything that determines the converted model."""
    of_model = (model.name, model.sha256, model.size_px, model.pooling, model.prepare)
    versions = tuple(importlib.metadata.version(name) for name in ("tensorflow", "keras"))
    return " ".join(map(str, (*of_model, precision, CONVERTER_VERSION, *versions)))


def converted_for(model: FeatureModel, precision: ConvertedPrecision, notice: Callable[[str], None]) -> ConvertedModel:
    """Return the converted model, which is kept, so that TensorFlow is imported for a conversion only once.

    The first conversion of a model takes seconds; for int8 at a large size it takes minutes. Raises WeightsError and
    ConversionError.
    """

    def make() -> bytes:
        notice(f"{model.name} is converted to {precision}, once: this takes {_PATIENCE[precision]}.")
        return convert(model, precision)

    return known_or_made(conversion_key(model, precision), make, notice)


def convert(model: FeatureModel, precision: ConvertedPrecision) -> bytes:
    """Return a model in LiteRT's format that turns prepared pixels into float32 features.

    For `int8`, the pixels are int8. Raises WeightsError if the weights do not fit, and ConversionError if TensorFlow
    cannot convert the model. Source: Jacob et al., Quantization and Training of Neural Networks (2018),
    arXiv:1712.05877. int8 is by tensor for activations and by channel for weights:
    https://ai.google.dev/edge/litert/models/quantization_spec.
    """
    import_keras()
    import tensorflow as tf
    from tensorflow.lite.python.convert_phase import ConverterError

    with on_processor(), _without_chatter():
        graph = freeze(model.build(), None)
        # The converter for Keras models first writes them to disk. That takes longer than everything else.
        converter = tf.lite.TFLiteConverter.from_concrete_functions([graph])
        try:
            if precision == "int8":
                _quantise(tf, converter, model)
            data: bytes = converter.convert()
        except (ConverterError, OSError, RuntimeError, ValueError, TypeError) as error:
            reason = " ".join(str(error).split())[:300]
            raise ConversionError(f"{model.name} cannot be converted to {precision}: {reason}") from error
    return data


@contextlib.contextmanager
def _without_chatter() -> Iterator[None]:
    """Keep the converter quiet.

    It prints from Python and C++, to both outputs, and warns about what is intended.
    """
    log = logging.getLogger("absl")
    level = log.level
    log.setLevel(logging.ERROR)
    try:
        with silent_descriptors(1, 2), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        log.setLevel(level)


def _quantise(tf: Any, converter: Any, model: FeatureModel) -> None:
    squares, prepare = calibration_squares(model.size_px), model.prepare
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = lambda: ([prepare(square[None])] for square in squares)
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type = tf.int8
