"""Reads the corrected sorting that an earlier review kept. It may come from a stranger, so everything is checked."""

import time
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, get_args

from imgsort.filing.journal.foreign import checked_count, checked_relative, checked_text
from imgsort.filing.journal.state import parsed_json
from imgsort.report.page_data import GroupKind
from imgsort.review.sorting.corrections import STAYS
from imgsort.review.sorting.folder_names import checked_name, reason_against

WORDS_OF_TIME = "%Y-%m-%d %H:%M"


@dataclass(frozen=True)
class KeptGroup:
    """A group as it was kept."""

    name: str
    kind: GroupKind
    is_named: bool


@dataclass(frozen=True)
class KeptImage:
    """An image as it was kept: its path, the hash of its bytes, and the place of its group in the list of groups."""

    path: str
    content: str
    group: int
    is_held: bool


@dataclass(frozen=True)
class Offer:
    """A corrected sorting of an earlier review. `corrections`: how many led to it. `saved`: when, for a person.

    `id`: the hash of its file. `takes`: the ids of earlier offers that are part of it. `run`: the run that it was
    applied by, or None.
    """

    file: Path
    id: str
    takes: tuple[str, ...]
    run: str | None
    corrections: int
    saved: str
    clusters: int | None
    groups: tuple[KeptGroup, ...]
    images: tuple[KeptImage, ...]


def parsed_offer(file: Path, data: bytes, command: str) -> Offer:
    """Return the offer that the bytes of a file describe. Raises an error of NONSENSE."""
    record = parsed_json(data)
    if record["version"] != 1 or record["command"] != command:
        raise ValueError(f"version {record['version']!r:.40} of {record['command']!r:.40}")
    saved = time.strftime(WORDS_OF_TIME, time.strptime(checked_text(record["saved"]), WORDS_OF_TIME))
    groups = tuple(_group(*values) for values in record["groups"])
    images = tuple(_image(*values, groups=len(groups)) for values in record["images"])
    clusters = None if record["clusters"] is None else checked_count(record["clusters"])
    if len({image.path for image in images}) < len(images):
        raise ValueError("an image that occurs twice")
    takes = tuple(map(checked_text, record.get("takes", ())))
    run = None if record.get("run") is None else checked_text(record["run"])
    corrections = checked_count(record["corrections"])
    return Offer(file, sha256(data).hexdigest(), takes, run, corrections, saved, clusters, groups, images)


def _group(name: Any, kind: Any, is_named: Any) -> KeptGroup:
    """Return a group. Raises ValueError, and CorrectionError for a name that no person could have given."""
    if kind not in get_args(GroupKind) or not isinstance(is_named, bool):
        raise ValueError("a group of an unknown kind")
    name = checked_text(name)
    reason = None if name == (STAYS if kind == "stays" else ".") else reason_against(name)
    if reason is not None:
        raise ValueError(f"a group {name[:80]!r}: {reason}")
    if is_named and checked_name(name) != name:
        raise ValueError(f"a group {name[:80]!r} with spaces around its name")
    return KeptGroup(name, kind, is_named)


def _image(path: Any, content: Any, group: Any, is_held: Any, *, groups: int) -> KeptImage:
    if checked_count(group) >= groups or not isinstance(is_held, bool):
        raise ValueError("an image without a group")
    return KeptImage(checked_relative(path), checked_text(content), group, is_held)
