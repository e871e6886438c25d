"""Where weights come from, and how a file of them is fetched, checked and loaded.

A file of weights may come from anywhere: it is read as numbers, never run.
"""

import hashlib
import importlib.util
import logging
import os
import shutil
import tempfile
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from imgsort.errors import DownloadError, WeightsError

CONNECT_SECONDS = 10.0
SILENCE_SECONDS = 30.0

_HOST = "https://storage.googleapis.com/tensorflow/keras-applications/"
_CHUNK_BYTES = 65536
_MAX_DATASET_BYTES = 2 * 1024**3


class DownloadBar(Protocol):
    """What pooch asks of a progress bar; tqdm's fits."""

    total: float | None

    def update(self, n: int) -> object:
        """Count `n` more bytes."""

    def reset(self) -> object:
        """Start from nothing."""

    def close(self) -> object:
        """Take the bar away."""


class _BarForPooch:
    """Passes everything on to a bar. Pooch asks whether it is true, which tqdm's bars without a total refuse."""

    def __init__(self, bar: DownloadBar) -> None:
        object.__setattr__(self, "_bar", bar)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._bar, name)

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(self._bar, name, value)


@dataclass(frozen=True)
class PublishedWeights:
    """A file that Keras publishes. `path` is relative to Keras' host; `md5` is the hash that Keras states.

    IMGSORT_WEIGHTS_URL names another host that has the same files, a mirror inside a company say.
    """

    path: str
    md5: str

    @property
    def url(self) -> str:
        """The address to fetch the file from."""
        return (os.environ.get("IMGSORT_WEIGHTS_URL") or _HOST).rstrip("/") + "/" + self.path

    @property
    def file(self) -> Path:
        """Where Keras keeps the file, and imgsort with it."""
        home = os.environ.get("KERAS_HOME") or Path.home() / ".keras"
        return Path(home) / "models" / self.path.rpartition("/")[2]

    def is_present(self) -> bool:
        """Say whether the file is there; whether it is whole is found out when it is used."""
        return self.file.is_file()

    def obtain(self, bar: DownloadBar | None = None, *, silence_seconds: float = SILENCE_SECONDS) -> Path:
        """Return the file, fetched if need be, with the right hash.

        Raises DownloadError where the host cannot be reached, answers an error, or stalls; WeightsError
        where the file has another hash than Keras states.
        """
        if self.is_present() and _hash_file(self.file, "md5") == self.md5:
            return self.file
        try:
            self._fetch(bar, silence_seconds)
        except DownloadError as error:
            if self.is_present():
                raise WeightsError(
                    f"{self.file}: the file is damaged (its MD5 is not {self.md5}) and cannot be fetched anew. "
                    "Remove it and try again with a network."
                ) from error
            raise
        return self.file

    def _fetch(self, bar: DownloadBar | None, silence_seconds: float) -> None:
        import pooch
        import requests

        pooch.get_logger().setLevel(logging.WARNING)
        downloader = pooch.HTTPDownloader(
            progressbar=False if bar is None else _BarForPooch(bar),
            chunk_size=_CHUNK_BYTES,
            timeout=(CONNECT_SECONDS, silence_seconds),
        )
        try:
            pooch.retrieve(
                self.url, f"md5:{self.md5}", fname=self.file.name, path=self.file.parent, downloader=downloader
            )
        except requests.exceptions.RequestException as error:
            raise DownloadError(f"{self.url} cannot be fetched ({_reason(error)})") from error
        except ValueError as error:
            raise WeightsError(
                f"{self.url}: what the host sent is not the file that Keras publishes (its MD5 is not {self.md5}). "
                "Nothing was kept. Try another network, or bring the file by hand with --weights."
            ) from error
        except OSError as error:
            raise WeightsError(
                f"{self.file.parent}: the weights cannot be kept there ({error}). "
                "Make room for them, or name another folder with KERAS_HOME."
            ) from error


@dataclass(frozen=True)
class PackagedWeights:
    """A file inside an installed package. `sha256` is what it must be before it is read."""

    package: str
    path: str
    sha256: str

    @property
    def file(self) -> Path:
        """Where the file is. Raises WeightsError where the package is not installed."""
        spec = importlib.util.find_spec(self.package)
        if spec is None or spec.origin is None:
            raise WeightsError(f"the package {self.package} is not installed. Install imgsort again.")
        return Path(spec.origin).parent / self.path

    def is_present(self) -> bool:
        """Say whether the file is there."""
        return self.file.is_file()

    def obtain(self, bar: DownloadBar | None = None) -> Path:
        """Return the file. Raises WeightsError where it has another hash than it must have."""
        if _hash_file(self.file, "sha256") != self.sha256:
            raise WeightsError(
                f"{self.file}: the file is damaged (its SHA-256 is not {self.sha256}). Install it again."
            )
        return self.file


def file_sha256(path: Path) -> str:
    """Return the SHA-256 of the file of weights at `path`. Raises WeightsError where it cannot be read."""
    return _hash_file(path, "sha256")


def load_hdf5(model: Any, path: Path) -> None:
    """Load weights into a Keras `model` from `path`, in the layout that Keras publishes or as `.weights.h5`.

    Which of the two is told by the content, not by the name. Raises WeightsError for a file that is
    neither, does not fit the model, or refers to other files.
    """
    suffix = _hdf5_suffix(path)
    with tempfile.TemporaryDirectory(prefix="imgsort-") as folder:
        named = Path(folder, "model" + suffix)  # Keras tells the layouts apart by the name
        try:
            shutil.copyfile(path, named)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # what Keras warns of here it also raises, or it is of no matter
                model.load_weights(named)
        except (OSError, ValueError, KeyError, TypeError, AttributeError, RuntimeError) as error:
            reason = " ".join(str(error).split())[:300]
            raise WeightsError(f"{path}: these weights do not fit {model.name} without its top: {reason}") from error


def _hdf5_suffix(path: Path) -> str:
    import h5py

    try:
        with h5py.File(path, "r") as file:
            reference = name_of_reference(file)
            if reference is not None:
                raise ValueError(f"{reference!r} holds its numbers elsewhere, or far too many")
            if "layer_names" in file.attrs or "model_weights" in file:
                return ".h5"
            if "layers" in file or "_layer_checkpoint_dependencies" in file:
                return ".weights.h5"
    except FileNotFoundError as error:
        raise WeightsError(f"{path}: there is no such file of weights.") from error
    except (OSError, RuntimeError, ValueError, KeyError) as error:
        raise WeightsError(f"{path}: not a file of weights that Keras wrote ({error}).") from error
    raise WeightsError(f"{path}: an HDF5 file, but neither of the layouts that Keras keeps weights in.")


def name_of_reference(file: Any) -> str | None:
    """Return the name of something in an open HDF5 file whose numbers are elsewhere or far too many, or None."""
    found: str | None = file.visititems_links(_name_of_link) or file.visititems(_name_of_unusual_dataset)
    return found


def _name_of_link(name: str, link: Any) -> str | None:
    """Return the name of a link to another place or file, which ends the visit; an exception would not pass h5py."""
    import h5py

    return None if isinstance(link, h5py.HardLink) else name


def _name_of_unusual_dataset(name: str, item: Any) -> str | None:
    """Return the name of a dataset whose numbers are elsewhere or too many."""
    import h5py

    unusual = isinstance(item, h5py.Dataset) and (item.external or item.is_virtual or item.nbytes > _MAX_DATASET_BYTES)
    return name if unusual else None


def _hash_file(path: Path, algorithm: str) -> str:
    try:
        with path.open("rb") as handle:
            return hashlib.file_digest(handle, algorithm).hexdigest()
    except OSError as error:
        raise WeightsError(f"{path}: the file of weights cannot be read ({error.strerror}).") from error


def _reason(error: Exception) -> str:
    """Return the end of a chain of network errors in a few words."""
    import requests

    if isinstance(error, requests.exceptions.Timeout):
        return "no answer in time"
    if isinstance(error, requests.exceptions.HTTPError) and error.response is not None:
        return f"HTTP {error.response.status_code}"
    return "timed out" if "timed out" in str(error) else type(error).__name__
