"""Keeps converted models in the cache folder, so that TensorFlow is imported for a conversion once and not again."""

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
    """A model as LiteRT runs it. `sha256`: of `data`, the bytes of its file."""

    data: bytes
    sha256: str


def models_folder() -> Path:
    """Return the folder of converted models, which need not be there."""
    return cache_folder() / "models"


def kept_models() -> list[Path]:
    """Return the files of all converted models that are kept."""
    return _files(_SUFFIX)


def abandoned_files() -> list[Path]:
    """Return what processes left that were killed while they kept a model; or are about to rename."""
    return _files(_PART)


def stored_or_made(key: str, make: Callable[[], bytes], notice: Callable[[str], None]) -> ConvertedModel:
    """Return the model kept under `key`, or what `make` makes, kept for the next time.

    The hash of what the file must hold is part of its name: one that is damaged is made anew. Where it
    cannot be kept, `notice` says so and the work goes on.
    """
    prefix = hashlib.sha256(key.encode()).hexdigest()[:32]
    for file in kept_models():
        model = _read(file) if file.name.startswith(f"{prefix}-") else None
        if model is not None:
            return model
    data = make()
    model = ConvertedModel(data, hashlib.sha256(data).hexdigest())
    try:
        _keep(f"{prefix}-{model.sha256}{_SUFFIX}", data)
    except OSError as error:
        notice(f"the converted model cannot be kept ({error}) and is made each time. IMGSORT_CACHE_DIR names a place.")
    return model


def _files(suffix: str) -> list[Path]:
    """Return the files of the folder with this suffix; none where it cannot be looked into."""
    with contextlib.suppress(OSError):
        return sorted(file for file in models_folder().iterdir() if file.suffix == suffix)
    return []


def _read(file: Path) -> ConvertedModel | None:
    """Return the model in `file`, or None where it is not what its name says."""
    try:
        data = file.read_bytes()
        digest = hashlib.sha256(data).hexdigest()
        if file.stem.rpartition("-")[2] != digest:
            file.unlink()
            return None
    except OSError:
        return None
    with contextlib.suppress(OSError):  # a cache that may not be written to serves all the same
        os.utime(file)  # `cache prune` takes the models first that were not used for longest
    return ConvertedModel(data, digest)


def _keep(name: str, data: bytes) -> None:
    """Write the model beside its place and rename it: another process sees all of it or nothing."""
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
