"""Saves and loads classifiers: `.keras` files that plain Keras loads from 3.4 on, with two members more.

`imgsort.json` describes the network and names the classes. `imgsort.safetensors` holds the numbers of the head and the
centres. Most commands need only these two members. So they neither import TensorFlow nor look at the network. A file
may come from anywhere. So imgsort checks what it says, runs no code in it, and refuses layers that imgsort does not
use.
"""

import io
import json
import os
import tempfile
import zipfile
from dataclasses import asdict, astuple, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from imgsort.content import content_hash, read_regular
from imgsort.errors import ClassifierError
from imgsort.features.keras_backend import import_keras
from imgsort.learning.data.class_names import require_class_names
from imgsort.learning.network.foreign_network import NONSENSE, load_foreign_network, member
from imgsort.learning.network.head import Head
from imgsort.learning.network.networks import CLASSES, FEATURES, MAP
from imgsort.learning.network.portable_network import save_portably
from imgsort.learning.result.classifier import Classifier, NetworkRecord, Reference
from imgsort.learning.result.newer_writer import Newer, newer_imgsort, newer_keras
from imgsort.temporary import give_name

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SUFFIX = ".keras"

_RECORD, _NUMBERS = "imgsort.json", "imgsort.safetensors"
_VERSION = 1
_MAX_FILE_BYTES = 4 * 1024**3
_MAX_RECORD_BYTES = 256 * 1024**2
_MAX_NUMBERS_BYTES = 1024**3
_MIN_CLASSES, _MAX_CLASSES = 2, 100_000
_SIZE_RANGE_PX = range(32, 2049)


@dataclass(frozen=True)
class ClassifierFile:
    """A classifier's file that was read.

    `data` is the whole file, and `sha256` is its hash. `classifier` is the part that imgsort reads.
    """

    path: Path
    data: bytes
    sha256: str
    classifier: Classifier

    def load_network(self) -> Any:
        """Return the Keras model, which takes float32 (n, size, size, 3), RGB, 0-255. Raises ClassifierError."""
        import_keras()
        import tensorflow as tf

        try:
            network = load_foreign_network(self.data, others=(_RECORD, _NUMBERS))
            self._require_parts(network)
        except (*NONSENSE, MemoryError, tf.errors.OpError) as error:
            raise _refusal(self.path, error, newer_keras(self.data), _newer_imgsort(self.data)) from error
        return network

    def _require_parts(self, network: Any) -> None:
        """Raise ValueError if the network differs from the record, or lacks a part that imgsort uses."""
        size_px, (width, outputs) = self.classifier.network.size_px, self.classifier.head.kernel.shape
        expected = {"input": (None, size_px, size_px, 3), FEATURES: (None, width), CLASSES: (None, outputs)}
        shapes = {"input": network.input_shape, CLASSES: network.output_shape}
        shapes[FEATURES] = network.get_layer(FEATURES).output.shape
        if shapes != expected or len(network.get_layer(MAP).output.shape) != 4:
            raise ValueError(f"its network has {shapes}")


def save_classifier(path: Path, network: Any, classifier: Classifier) -> None:
    """Write a new file at `path`, completely or not at all. Raises FileExistsError and other OSErrors."""
    from safetensors.numpy import save as to_bytes

    folder = Path(tempfile.mkdtemp(prefix=".imgsort-", dir=path.parent))
    try:
        file = folder / ("classifier" + SUFFIX)
        save_portably(network, file)
        arrays = {"kernel": classifier.head.kernel, "bias": classifier.head.bias, "centres": classifier.centres}
        with zipfile.ZipFile(file, "a", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(_RECORD, json.dumps(_record(classifier), indent=1))
            archive.writestr(_NUMBERS, to_bytes(_in_rows(arrays)))
        with file.open("rb+") as handle:
            os.fsync(handle.fileno())
        give_name(file, path)
    finally:
        for left in folder.iterdir():
            left.unlink()
        folder.rmdir()


def load_classifier(path: Path) -> ClassifierFile:
    """Read the classifier in the file at `path`.

    Raises ClassifierError if the file cannot be read or is not a classifier of imgsort.
    """
    try:
        data = read_regular(path.resolve(), _MAX_FILE_BYTES)  # a link that a person names is followed
    except FileNotFoundError as error:
        raise ClassifierError(f"{path}: there is no such file. `imgsort train` makes one.") from error
    except (OSError, RuntimeError) as error:  # a loop of links is a RuntimeError before Python 3.13
        reason = getattr(error, "strerror", None) or error
        raise ClassifierError(f"{path}: this file cannot be read ({reason}).") from error
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            record = json.loads(member(archive, _RECORD, _MAX_RECORD_BYTES))
            numbers = member(archive, _NUMBERS, _MAX_NUMBERS_BYTES)
        classifier = _classifier(record, numbers)
    except NONSENSE as error:
        raise _refusal(path, error, _newer_imgsort(data)) from error
    return ClassifierFile(path, data, content_hash(data), classifier)


def _newer_imgsort(data: bytes) -> Newer | None:
    return newer_imgsort(data, _RECORD, _MAX_RECORD_BYTES, _VERSION)


def _refusal(path: Path, reason: object, *writers: Newer | None) -> ClassifierError:
    """Return the error for a file that cannot be read. If newer `writers` wrote it, the error names what it wants."""
    said = " ".join(str(reason).split())[:300]
    newer = [writer for writer in writers if writer]
    if not newer:
        return ClassifierError(
            f"{path}: this is not a classifier that imgsort wrote ({said}). `imgsort train` makes one."
        )
    wanted, here, remedies = (" and ".join(parts) for parts in zip(*map(astuple, newer), strict=True))
    return ClassifierError(
        f"{path}: this file wants {wanted}, and here is {here} ({said}). To read it, {remedies}; "
        "`imgsort train` makes one that can be read here."
    )


def _record(classifier: Classifier) -> dict[str, Any]:
    return {
        "format": "imgsort classifier",
        "version": _VERSION,
        "classes": list(classifier.classes),
        "input": "float32 (n, size_px, size_px, 3), RGB, 0-255, scaled to fit the square and centred on black",
        "network": asdict(classifier.network),
        "reference": asdict(classifier.reference),
        "provenance": classifier.provenance,
        "trained_on": sorted(classifier.trained_on),
    }


def _in_rows(arrays: "dict[str, NDArray[Any]]") -> "dict[str, NDArray[Any]]":
    """Return the arrays in row-major order, because safetensors writes them as they lie in memory."""
    import numpy as np

    return {name: np.ascontiguousarray(array) for name, array in arrays.items()}


def _classifier(record: Any, numbers: bytes) -> Classifier:
    from safetensors import SafetensorError
    from safetensors.numpy import load as from_bytes

    if record["format"] != "imgsort classifier" or record["version"] is True or record["version"] != _VERSION:
        raise ValueError(f"version {record['version']!r} of {record['format']!r}")
    if not isinstance(record["classes"], list):
        raise ValueError("its classes are not a list")
    classes = tuple(_text(name) for name in record["classes"])
    require_class_names(classes)
    if not _MIN_CLASSES <= len(classes) <= _MAX_CLASSES:
        raise ValueError(f"{len(classes)} classes")
    try:
        arrays = from_bytes(numbers)
    except SafetensorError as error:
        raise ValueError(str(error)) from error
    outputs = 1 if len(classes) == 2 else len(classes)
    width = arrays["kernel"].shape[0]
    return Classifier(
        classes=classes,
        network=_network(record["network"]),
        head=Head(_checked(arrays["kernel"], (width, outputs)), _checked(arrays["bias"], (outputs,))),
        centres=_checked(arrays["centres"], (len(classes), width)),
        reference=Reference(**{name: _figure(record["reference"][name]) for name in Reference.__annotations__}),
        trained_on=frozenset(_text(content) for content in record["trained_on"]),
        provenance=dict(record["provenance"]),
    )


def _network(value: Any) -> NetworkRecord:
    size_px = value["size_px"]
    if type(size_px) is not int or size_px not in _SIZE_RANGE_PX or type(value["is_stock"]) is not bool:
        raise ValueError(f"a network of {size_px!r} pixels")
    return NetworkRecord(_text(value["name"]), size_px, value["is_stock"], _text(value["weights_sha256"]))


def _checked(array: "NDArray[Any]", shape: tuple[int, ...]) -> "NDArray[np.float32]":
    import numpy as np

    if array.dtype != np.float32 or array.shape != shape or not np.isfinite(array).all():
        raise ValueError(f"numbers of another kind: {array.dtype} {array.shape}")
    return array


def _figure(value: Any) -> float:
    import math

    if type(value) not in (int, float) or not math.isfinite(value):
        raise ValueError(f"{value!r} is not a number")
    return float(value)


def _text(value: Any) -> str:
    if not isinstance(value, str) or len(value) > 8192:
        raise ValueError("a value that is not text")
    return value
