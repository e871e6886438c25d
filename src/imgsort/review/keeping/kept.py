"""Keeps the corrections of a review in `.imgsort`, so that a killed server loses none, and offers them again.

What is kept is the corrected sorting as a whole. What lies there may come with a folder from a stranger, so everything
in it is checked. A file that imgsort did not write is set aside and told of.
"""

import contextlib
import os
import time
from collections.abc import Callable, Container, Sequence
from dataclasses import dataclass
from hashlib import sha256
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


def _always(_: str) -> bool:
    return True


class Kept:
    """The corrections that are kept in `folder` for the reviews of one command.

    An offer stays on the disk when it is taken up: a later review removes it once it finds a sorting that includes it.
    `is_in_force`: whether the run with this id is not undone. What was applied is offered again once its run is undone.
    """

    def __init__(self, folder: Path, command: str, is_in_force: Callable[[str], bool] = _always) -> None:
        self._folder, self._command, self._is_in_force = folder, command, is_in_force
        self._file = folder / f"{command}.json"
        self._applied_file = folder / f"{command}-applied.json"
        self.notices: list[str] = []
        self.offers = self._make_offers()

    @property
    def offered(self) -> Offer | None:
        """The latest sorting that was kept by an earlier review, and that this review did not decline."""
        return self.offered_but(())

    def offered_but(self, taken: Container[str]) -> Offer | None:
        """Return the latest offer that is neither declined nor among the ids of those that are taken up."""
        return next((offer for offer in reversed(self.offers) if offer.id not in taken), None)

    def decline(self, offer: Offer) -> None:
        """Offer a sorting no longer in this review. It stays on the disk, for the next review."""
        self.offers.remove(offer)

    def keep(
        self,
        sorting: Sorting,
        corrections: int,
        files: Sequence[ImageFile],
        contents: Sequence[str],
        *,
        takes: Sequence[str] = (),
        run: str | None = None,
    ) -> None:
        """Keep a sorting in place of the one before. It is on disk when this returns. Raises OSError.

        `takes`: ids of offers that are part of it. `run`: the run that has applied all of it.
        """
        place_of = {group.id: place for place, group in enumerate(sorting.groups)}
        rows = zip(files, contents, sorting.images, strict=True)
        data = json_line(
            {
                "version": 1,
                "command": self._command,
                "saved": time.strftime(_WORDS_OF_TIME),
                "corrections": corrections,
                "clusters": sorting.clusters,
                "takes": list(takes),
                "run": run,
                "groups": [[group.name, group.kind, group.is_named] for group in sorting.groups],
                "images": [
                    [file.path, content, place_of[group], number in sorting.held]
                    for number, (file, content, group) in enumerate(rows)
                ],
            }
        )
        if len(data) > MAX_BYTES:
            raise OSError(f"the corrections of {len(files)} images are too many to be kept")
        file, other = (self._file, self._applied_file) if run is None else (self._applied_file, self._file)
        write_atomically(file, data)
        other.unlink(missing_ok=True)

    def forget(self) -> None:
        """Remove what this review kept: there are no corrections. Raises OSError."""
        self._file.unlink(missing_ok=True)

    def _make_offers(self) -> list[Offer]:
        """Turn what earlier reviews kept into offers, the latest last."""
        applied = self._read(self._applied_file)
        if applied is not None and (applied.run is None or not self._is_in_force(applied.run)):
            self._make_offer(self._applied_file)
        if exists(self._file):
            self._make_offer(self._file)
        offers = [offer for place in self._offer_files() if (offer := self._read(place)) is not None]
        taken = {identity for offer in offers for identity in offer.takes}
        for offer in offers:
            if offer.id in taken:
                offer.file.unlink()
        return [offer for offer in offers if offer.id not in taken]

    def _make_offer(self, file: Path) -> None:
        """Make a file the latest offer. Of too many, the oldest is gone."""
        places = [place for place in self._offer_files() if exists(place)]
        if len(places) == _MOST_OFFERS:
            places.pop(0).unlink()
        for number, place in enumerate(places, start=1):
            os.replace(place, self._offer_file(number))
        os.replace(file, self._offer_file(len(places) + 1))

    def _offer_file(self, number: int) -> Path:
        return self._folder / f"{self._command}-{number}.json"

    def _offer_files(self) -> list[Path]:
        return [self._offer_file(number) for number in range(1, _MOST_OFFERS + 1)]

    def _read(self, place: Path) -> Offer | None:
        """Return the offer in a file, or None if there is no file or if imgsort did not write it."""
        try:
            data = read_bounded(place, MAX_BYTES)
            return None if data is None else _parsed(place, data, self._command)
        except (*NONSENSE, JournalError, OSError) as error:
            aside = next(path for n in range(10**6) if not exists(path := place.with_suffix(f".{n}.bad")))
            with contextlib.suppress(OSError):
                os.rename(place, aside)
            self.notices.append(
                f"{place}: these are not corrections that imgsort kept ({error}). The file is now called {aside.name}."
            )
            return None


def _parsed(file: Path, data: bytes, command: str) -> Offer:
    """Return the offer that the bytes of a file describe. Raises an error of NONSENSE."""
    record = parsed_json(data)
    if record["version"] != 1 or record["command"] != command:
        raise ValueError(f"version {record['version']!r:.40} of {record['command']!r:.40}")
    saved = time.strftime(_WORDS_OF_TIME, time.strptime(checked_text(record["saved"]), _WORDS_OF_TIME))
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
