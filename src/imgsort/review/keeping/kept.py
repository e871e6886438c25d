"""Keeps the corrections of a review in `.imgsort`, so that a killed server loses none, and offers them again.

What is kept is the corrected sorting as a whole. What lies there may come with a folder from a stranger, so everything
in it is checked. A file that imgsort did not write is set aside and told of.
"""

import contextlib
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

from imgsort.errors import JournalError
from imgsort.filing.journal.foreign import NONSENSE, checked_count, checked_relative, checked_text
from imgsort.filing.journal.state import json_line, parsed_json, read_bounded, write_atomically
from imgsort.filing.paths import exists
from imgsort.images.finding.find import ImageFile
from imgsort.report.page_data import GroupKind
from imgsort.review.sorting.corrections import STAYS, Sorting
from imgsort.review.sorting.folder_names import reason_against

MAX_BYTES = 128 * 1024**2
_MOST_OFFERS = 9
_WORDS_OF_TIME = "%Y-%m-%d %H:%M"


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
    """A corrected sorting of an earlier review. `corrections`: how many led to it. `saved`: when, for a person."""

    file: Path
    corrections: int
    saved: str
    clusters: int | None
    groups: tuple[KeptGroup, ...]
    images: tuple[KeptImage, ...]


class Kept:
    """The corrections that are kept in `folder` for the reviews of one command."""

    def __init__(self, folder: Path, command: str) -> None:
        self._folder, self._command = folder, command
        self._file = folder / f"{command}.json"
        self.notices: list[str] = []
        self.offers = self._make_offers()

    @property
    def offered(self) -> Offer | None:
        """The latest sorting that was kept by an earlier review, and that this review neither took nor declined."""
        return self.offers[-1] if self.offers else None

    def decline_offered(self) -> None:
        """Offer the sorting no longer in this review. It stays on the disk, for the next review."""
        if self.offers:
            self.offers.pop()

    def remove_offered(self) -> None:
        """Remove the sorting that is offered: it is part of the present one. Raises OSError."""
        if self.offers:
            self.offers[-1].file.unlink(missing_ok=True)
            self.offers.pop()

    def keep(self, sorting: Sorting, corrections: int, files: Sequence[ImageFile], contents: Sequence[str]) -> None:
        """Keep a sorting in place of the one before. It is on disk when this returns. Raises OSError."""
        place_of = {group.id: place for place, group in enumerate(sorting.groups)}
        rows = zip(files, contents, sorting.images, strict=True)
        data = json_line(
            {
                "version": 1,
                "command": self._command,
                "saved": time.strftime(_WORDS_OF_TIME),
                "corrections": corrections,
                "clusters": sorting.clusters,
                "groups": [[group.name, group.kind, group.is_named] for group in sorting.groups],
                "images": [
                    [file.path, content, place_of[group], number in sorting.held]
                    for number, (file, content, group) in enumerate(rows)
                ],
            }
        )
        if len(data) > MAX_BYTES:
            raise OSError(f"the corrections of {len(files)} images are too many to be kept")
        write_atomically(self._file, data)

    def forget(self) -> None:
        """Remove what this review kept: it was applied, or there are no corrections. Raises OSError."""
        self._file.unlink(missing_ok=True)

    def _make_offers(self) -> list[Offer]:
        """Turn what earlier reviews kept into offers, the latest last."""
        if exists(self._file):
            places = [place for place in self._offer_files() if exists(place)]
            if len(places) == _MOST_OFFERS:
                places.pop(0).unlink()
            for number, place in enumerate(places, start=1):
                os.replace(place, self._offer_file(number))
            os.replace(self._file, self._offer_file(len(places) + 1))
        return [offer for place in self._offer_files() if (offer := self._read(place)) is not None]

    def _offer_file(self, number: int) -> Path:
        return self._folder / f"{self._command}-{number}.json"

    def _offer_files(self) -> list[Path]:
        return [self._offer_file(number) for number in range(1, _MOST_OFFERS + 1)]

    def _read(self, place: Path) -> Offer | None:
        """Return the offer in a file, or None if there is no file or if imgsort did not write it."""
        try:
            data = read_bounded(place, MAX_BYTES)
            return None if data is None else _parsed(place, parsed_json(data), self._command)
        except (*NONSENSE, JournalError, OSError) as error:
            aside = next(path for n in range(10**6) if not exists(path := place.with_suffix(f".{n}.bad")))
            with contextlib.suppress(OSError):
                os.rename(place, aside)
            self.notices.append(
                f"{place}: these are not corrections that imgsort kept ({error}). The file is now called {aside.name}."
            )
            return None


def _parsed(file: Path, record: Any, command: str) -> Offer:
    """Return the offer that a record describes. Raises an error of NONSENSE."""
    if record["version"] != 1 or record["command"] != command:
        raise ValueError(f"version {record['version']!r:.40} of {record['command']!r:.40}")
    saved = time.strftime(_WORDS_OF_TIME, time.strptime(checked_text(record["saved"]), _WORDS_OF_TIME))
    groups = tuple(_group(*values) for values in record["groups"])
    images = tuple(_image(*values, groups=len(groups)) for values in record["images"])
    clusters = None if record["clusters"] is None else checked_count(record["clusters"])
    if len({image.path for image in images}) < len(images):
        raise ValueError("an image that occurs twice")
    return Offer(file, checked_count(record["corrections"]), saved, clusters, groups, images)


def _group(name: Any, kind: Any, is_named: Any) -> KeptGroup:
    if kind not in get_args(GroupKind) or not isinstance(is_named, bool):
        raise ValueError("a group of an unknown kind")
    name = checked_text(name)
    reason = None if name == (STAYS if kind == "stays" else ".") else reason_against(name)
    if reason is not None:
        raise ValueError(f"a group {name[:80]!r}: {reason}")
    return KeptGroup(name, kind, is_named)


def _image(path: Any, content: Any, group: Any, is_held: Any, *, groups: int) -> KeptImage:
    if checked_count(group) >= groups or not isinstance(is_held, bool):
        raise ValueError("an image without a group")
    return KeptImage(checked_relative(path), checked_text(content), group, is_held)
