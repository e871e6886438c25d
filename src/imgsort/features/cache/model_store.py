"""Keeps converted models in the cache folder, so that TensorFlow is imported for a conversion only once.

Models that OpenVINO has compiled are kept beside them. They have the same suffix, and another key.
"""

import contextlib
import hashlib
import os
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from imgsort.features.cache.folder import cache_folder

_SUFFIX = ".tflite"
_PART = ".part"


@dataclass(frozen=True)
class ConvertedModel:
    """A model in the format of LiteRT, or compiled by OpenVINO.

    `data` holds the bytes of its file, and `sha256` is their hash.
    """

    data: bytes
    sha256: str


def models_folder() -> Path:
    """Return the folder of converted models, which need not exist."""
    return cache_folder() / "models"


def kept_models() -> list[Path]:
    """Return the files of all kept models."""
    return _files(_SUFFIX)


def abandoned_files() -> list[Path]:
    """Return the temporary files of models.

    Either a process was killed while it kept a model, or a process is about to rename the file.
    """
    return _files(_PART)


def stored_or_made(key: str, make: Callable[[], bytes], notice: Callable[[str], None]) -> ConvertedModel:
    """Return the model kept under `key`, or make it with `make` and keep it for the next time.

    The name of a model's file contains the hash of its bytes. So a damaged file is noticed, and the model is made
    again. If the model cannot be kept, `notice` says so and the work goes on.
    """
    prefix = _prefix(key)
    for file in _with_prefix(prefix):
        model = _read(file)
        if model is not None:
            return model
    data = make()
    model = ConvertedModel(data, hashlib.sha256(data).hexdigest())
    try:
        _keep(f"{prefix}-{model.sha256}{_SUFFIX}", data)
    except OSError as error:
        notice(
            f"the converted model cannot be kept ({error}) and is made again each time. Name a folder for it with "
            "IMGSORT_CACHE_DIR."
        )
    return model


def is_stored(key: str) -> bool:
    """Say whether a model is kept under `key`. Whether it is damaged is noticed when it is read."""
    return bool(_with_prefix(_prefix(key)))


def _prefix(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()[:32]


def _with_prefix(prefix: str) -> list[Path]:
    return [file for file in kept_models() if file.name.startswith(f"{prefix}-")]


def _files(suffix: str) -> list[Path]:
    """Return the files with this suffix in the folder, or no files if the folder cannot be read."""
    with contextlib.suppress(OSError):
        return sorted(file for file in models_folder().iterdir() if file.suffix == suffix)
    return []


def _read(file: Path) -> ConvertedModel | None:
    """Return the model in `file`, or None if it cannot be read or does not have the hash in its name."""
    try:
        data = file.read_bytes()
        digest = hashlib.sha256(data).hexdigest()
        if file.stem.rpartition("-")[2] != digest:
            file.unlink()
            return None
    except OSError:
        return None
    with contextlib.suppress(OSError):  # a read-only cache is still useful
        os.utime(file)  # `cache prune` first removes the models that were not used for the longest time
    return ConvertedModel(data, digest)


def _keep(name: str, data: bytes) -> None:
    """Write the model to a temporary file in the same folder, and rename it.

    So another process sees the whole model or nothing.
    """
    folder = models_folder()
    folder.mkdir(parents=True, exist_ok=True)
    descriptor, temporary = tempfile.mkstemp(dir=folder, suffix=_PART)
    try:
        with open(descriptor, "wb") as handle:
            handle.write(data)
        os.replace(temporary, folder / name)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise
