"""Finds out whether a newer Keras or a newer imgsort than these wrote a classifier's file.

Only a file that cannot be read is asked. What a newer program wrote may well be readable.
"""

import contextlib
import importlib.metadata
import io
import json
import re
import zipfile
from dataclasses import dataclass
from typing import Any

from imgsort.learning.network.foreign_network import NONSENSE, member
from imgsort.version import __version__

_MAX_METADATA_BYTES = 1024**2

# What follows the numbers, as in 3.16.0rc1, is not compared.
_VERSION = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,9}){0,3})(?:(?:\+|\.?[a-zA-Z])[a-zA-Z0-9.+]{0,40})?")


@dataclass(frozen=True)
class Newer:
    """A program in the version that wrote a file, the version that is here, and how to get a newer one."""

    wanted: str
    here: str
    remedy: str


def newer_keras(data: bytes) -> Newer | None:
    """Return the Keras that wrote the `.keras` file with these bytes, or None if it is not newer than the one here."""
    written = _json_member(data, "metadata.json", _MAX_METADATA_BYTES).get("keras_version")
    here = importlib.metadata.version("keras")
    if not _is_newer(written, here):
        return None
    return Newer(f"Keras {written}", f"Keras {here}", f"run `pip install 'keras>={written}'`")


def newer_imgsort(data: bytes, record: str, most: int, version: int) -> Newer | None:
    """Return the imgsort that wrote the file with these bytes, or None if it is not newer than this one.

    The member `record`, of at most `most` bytes, names that imgsort and the format's version. Here, it is `version`.
    """
    described = _json_member(data, record, most)
    remedy = "update your checkout of imgsort"
    provenance = described.get("provenance")
    written = provenance.get("imgsort") if isinstance(provenance, dict) else None
    if _is_newer(written, __version__):
        return Newer(f"imgsort {written}", f"imgsort {__version__}", remedy)
    other = described.get("version")
    if type(other) is int and other > version:
        return Newer(f"an imgsort that reads version {str(other)[:20]} of the format", f"imgsort {__version__}", remedy)
    return None


def _json_member(data: bytes, name: str, most: int) -> dict[str, Any]:
    """Return the JSON object in a member of the archive, or an empty one if there is none."""
    with contextlib.suppress(*NONSENSE), zipfile.ZipFile(io.BytesIO(data)) as archive:
        value = json.loads(member(archive, name, most))
        if isinstance(value, dict):
            return value
    return {}


def _is_newer(written: Any, here: str) -> bool:
    """Return whether `written` is a version, and later than `here`."""
    return isinstance(written, str) and _numbers(written) > _numbers(here)


def _numbers(version: str) -> tuple[int, ...]:
    found = _VERSION.fullmatch(version)
    return tuple(map(int, found[1].split("."))) if found else ()
