"""Keeps the corrections of a review in `.imgsort`, so that a killed server loses none, and offers them again.

What is kept is the corrected sorting as a whole. What lies there may come with a folder from a stranger, so everything
in it is checked. A file that imgsort did not write is set aside and told of.
"""

import contextlib
import os
import stat
import time
from collections.abc import Callable, Container, Sequence
from pathlib import Path

from imgsort.errors import CorrectionError, JournalError
from imgsort.filing.journal.foreign import NONSENSE
from imgsort.filing.journal.state import json_line, read_bounded, write_atomically
from imgsort.filing.paths import exists
from imgsort.images.finding.find import ImageFile
from imgsort.review.keeping.offer import WORDS_OF_TIME, Offer, parsed_offer
from imgsort.review.sorting.corrections import Sorting

MAX_BYTES = 128 * 1024**2
# Reading a file takes many times its size of memory. An earlier review may have had more images than there are now.
_BYTES_AT_LEAST, _BYTES_PER_IMAGE = 4 * 1024**2, 2000
_MOST_OFFERS = 9


def _always(_: str) -> bool:
    return True


class Kept:
    """The corrections that are kept in `folder` for the reviews of one command.

    An offer stays on the disk when it is taken up: a later review removes it once it finds a sorting that includes it.
    `is_in_force`: whether the run with this id is not undone. What was applied is offered again once its run is undone.
    `images`: how many there are. Files that are larger than these could need are left as they are, and not read.
    """

    def __init__(
        self, folder: Path, command: str, is_in_force: Callable[[str], bool] = _always, *, images: int = 0
    ) -> None:
        self._folder, self._command, self._is_in_force = folder, command, is_in_force
        self._max_bytes = min(MAX_BYTES, _BYTES_AT_LEAST + _BYTES_PER_IMAGE * images)
        self._file = folder / f"{command}.json"
        self._applied_file = folder / f"{command}-applied.json"
        self.notices: list[str] = []
        self._set_aside_what_is_no_file()
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
                "saved": time.strftime(WORDS_OF_TIME),
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
        if len(data) > min(MAX_BYTES, _BYTES_AT_LEAST + _BYTES_PER_IMAGE * len(files)):
            raise OSError(f"the corrections of {len(files)} images are too many to be kept")
        file, other = (self._file, self._applied_file) if run is None else (self._applied_file, self._file)
        write_atomically(file, data)
        other.unlink(missing_ok=True)

    def forget(self) -> None:
        """Remove what this review kept: there are no corrections. Raises OSError."""
        self._file.unlink(missing_ok=True)

    def _make_offers(self) -> list[Offer]:
        """Turn what earlier reviews kept into offers, the latest last. Trouble with their files is told of."""
        applied = self._read(self._applied_file)
        try:
            if applied is not None and (applied.run is None or not self._is_in_force(applied.run)):
                self._make_offer(self._applied_file)
            if exists(self._file):
                self._make_offer(self._file)
        except OSError as error:
            self.notices.append(f"{self._folder}: earlier corrections cannot be put in order: {error}.")
        offers = self._read_offers()
        taken = {identity for offer in offers for identity in offer.takes}
        for offer in offers:
            if offer.id in taken:
                with contextlib.suppress(OSError):
                    offer.file.unlink()
        return [offer for offer in offers if offer.id not in taken]

    def _read_offers(self) -> list[Offer]:
        """Return the offers, the latest last. If all together are too large, the oldest are not read."""
        offers: list[Offer] = []
        left = self._max_bytes
        for place in reversed(self._offer_files()):
            if exists(place):
                left -= place.lstat().st_size
                if offers and left < 0:
                    self.notices.append(f"{place}: too many earlier corrections lie there, so these are not read.")
                elif (offer := self._read(place)) is not None:
                    offers.insert(0, offer)
        return offers

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
            if exists(place) and place.lstat().st_size > self._max_bytes:
                self.notices.append(f"{place}: corrections of this collection are smaller, so these are not read.")
                return None
            data = read_bounded(place, self._max_bytes)
            return None if data is None else parsed_offer(place, data, self._command)
        except (*NONSENSE, JournalError, CorrectionError, OSError) as error:
            self._set_aside(place, str(error))
            return None

    def _set_aside_what_is_no_file(self) -> None:
        """Rename what would be in the way: a folder or a link under a name that corrections are kept by."""
        kept = (self._file, self._applied_file)
        for place in (*kept, *(path.with_name(f"{path.name}.tmp") for path in kept), *self._offer_files()):
            if exists(place) and not _is_file(place):
                self._set_aside(place, "it is not a file")

    def _set_aside(self, place: Path, reason: str) -> None:
        aside = next(path for n in range(10**6) if not exists(path := place.with_suffix(f".{n}.bad")))
        try:
            os.rename(place, aside)
            what = f"The file is now called {aside.name}."
        except OSError as error:
            what = f"It stays there, because it cannot be renamed: {error}."
        self.notices.append(f"{place}: these are not corrections that imgsort kept ({reason}). {what}")


def _is_file(path: Path) -> bool:
    return stat.S_ISREG(os.lstat(path).st_mode)
