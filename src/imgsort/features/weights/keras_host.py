"""Fetches a file from the host where Keras publishes weights, or from a mirror of it."""

import logging
import os
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from imgsort.errors import DownloadError, UnreachableError, WeightsError
from imgsort.features.weights.fetching import DownloadBar, Fetching
from imgsort.features.weights.unreachable import asking

CONNECT_SECONDS = 10.0

_HOST = "https://storage.googleapis.com/tensorflow/keras-applications/"
_CHUNK_BYTES = 65536


def address_of(path: str) -> str:
    """Return the address of a file. `path` is relative to the host.

    IMGSORT_WEIGHTS_URL names another host that has the same files, for example a mirror inside a company.
    """
    return (os.environ.get("IMGSORT_WEIGHTS_URL") or _HOST).rstrip("/") + "/" + path


def fetch_published(path: str, md5: str, target: Path, name: str, fetching: Fetching) -> None:
    """Fetch the file `path` of the host, check its MD5, and put it at `target`. `name` is the model's name.

    Raises UnreachableError if the host does not answer, DownloadError if it answers with an error or was unreachable a
    short while ago, and WeightsError if the file is another one than Keras publishes or cannot be kept.
    """
    url = address_of(path)
    with asking(_host_of(url), again=fetching.asks_again):
        _fetch(url, md5, target, fetching.make_bar(name), fetching.silence_seconds)


def _fetch(url: str, md5: str, target: Path, bar: DownloadBar | None, silence_seconds: float) -> None:
    import pooch
    import requests

    pooch.get_logger().setLevel(logging.WARNING)
    downloader = pooch.HTTPDownloader(
        progressbar=False if bar is None else _BarForPooch(bar),
        chunk_size=_CHUNK_BYTES,
        timeout=(CONNECT_SECONDS, silence_seconds),
    )
    try:
        pooch.retrieve(url, f"md5:{md5}", fname=target.name, path=target.parent, downloader=downloader)
    except requests.exceptions.HTTPError as error:
        raise DownloadError(f"{url} cannot be fetched ({_reason(error)})") from error
    except requests.exceptions.RequestException as error:
        raise UnreachableError(f"{url} cannot be fetched ({_reason(error)})") from error
    except ValueError as error:
        raise WeightsError(
            f"{url}: what the host sent is not the file that Keras publishes (its MD5 is not {md5}). "
            "Nothing was kept. Try another network, or give the file with --weights."
        ) from error
    except OSError as error:
        raise WeightsError(
            f"{target.parent}: the weights cannot be kept there ({error}). "
            "Make room for them, or name another folder with KERAS_HOME."
        ) from error


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


def _host_of(url: str) -> str:
    """Return the part of an address that names the host, without a user's password."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"


def _reason(error: Exception) -> str:
    """Return the last cause in a chain of network errors, in a few words."""
    import requests

    if isinstance(error, requests.exceptions.Timeout):
        return "no answer in time"
    if isinstance(error, requests.exceptions.HTTPError) and error.response is not None:
        return f"HTTP {error.response.status_code}"
    return "timed out" if "timed out" in str(error) else type(error).__name__
