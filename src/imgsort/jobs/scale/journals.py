"""Opens the journal of an address, a folder of this machine: holds its lock and the claim in the bucket."""

import contextlib
import hashlib
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from imgsort.errors import JournalError, StorageError
from imgsort.filing.journal.locking.lock import locked
from imgsort.filing.objects.copying import Copier
from imgsort.filing.objects.journal import (
    claim_tokens,
    remember_claim,
    remove_unfinished_plans,
    require_no_other_journal,
    unsettled_at,
)
from imgsort.filing.objects.plan import ObjectSite
from imgsort.filing.objects.settle import settle_killed
from imgsort.homes import home_folder
from imgsort.storage.addresses import Address, argument_without_credentials, place_of, without_credentials
from imgsort.storage.buckets import bucket_at
from imgsort.storage.claim import STATE_PREFIX, Tokens, claimed
from imgsort.storage.conditions import probed
from imgsort.storage.objects import Bucket, Conditions

__all__ = [
    "OpenJournal",
    "argument_without_credentials",
    "journal_folder",
    "open_journal",
    "place_of",
    "without_credentials",
]

_MAX_NAME = 80


@dataclass(frozen=True)
class OpenJournal:
    """A journal whose lock is held, and the claim in the bucket of `place` too.

    `settled`: the ids of the runs that were killed, and that are in order now.
    """

    root: Path
    place: Address
    host: str
    can: Conditions
    settled: tuple[str, ...] = ()

    def copier(self, site: ObjectSite) -> Copier:
        """Return who copies the objects of a site."""
        return Copier(site, _bucket_at(site.collection, self.place), bucket_at(self.place), self.can)


def journal_folder(place: Address, host: str, given: Path | None = None) -> Path:
    """Return the folder of a journal: the given one, or the one in the user's state folder for this address.

    It need not exist. Raises JournalError if there is no state folder.
    """
    if given is not None:
        return given.absolute()
    import platformdirs

    try:
        state = Path(platformdirs.user_state_dir("imgsort", appauthor=False))
    except RuntimeError:
        state = Path()
    if not state.is_absolute():  # as the standard says, a relative XDG_STATE_HOME counts as if it were not there
        home = home_folder()
        if home is None:
            raise JournalError(f"{place}: there is no home folder for the journal. Name a folder with --journal.")
        state = home / ".local" / "state" / "imgsort"
    # The name is for people; the hash tells apart what the name does not.
    shown = re.sub(r"[^A-Za-z0-9._-]+", "_", f"{place.bucket}/{place.prefix}")[:_MAX_NAME].strip("_.")
    digest = hashlib.sha256(f"{host}\n{place}".encode()).hexdigest()[:12]
    return state / place.scheme / f"{shown}-{digest}"


@contextlib.contextmanager
def open_journal(
    place: Address, command: str, given: Path | None = None, *, needs_conditions: bool = False
) -> Iterator[OpenJournal]:
    """Lock the journal, find out what the store honours, claim the place, and settle killed runs.

    `needs_conditions`: a store that writes even where a key is taken is an error. Raises LockedError, JournalError,
    StorageError and OSError.
    """
    bucket = bucket_at(place)
    host = bucket.host
    root = journal_folder(place, host, given)
    require_no_other_journal(root)
    _make(root)
    with locked([root], command):
        tokens = Tokens(claim_tokens(root), lambda token: remember_claim(root, token))
        can = probed(bucket, place.bucket, place.key_of(STATE_PREFIX))
        if needs_conditions and not can.put:
            raise StorageError(
                f"{place}: this store does not honour If-None-Match, so a copy could overwrite an object that somebody "
                "else writes at that moment. --unsafe-no-conditional copies all the same; imgsort then looks before "
                "each copy whether its key is free."
            )
        with claimed(bucket, place, command, tokens, has_conditions=can.put):
            remove_unfinished_plans(root)
            journal = OpenJournal(root, place, host, can)
            yield replace(journal, settled=tuple(_settled(journal)))


def _settled(journal: OpenJournal) -> Iterator[str]:
    here = ObjectSite(journal.place.shown, journal.place.shown, journal.host)
    for run in unsettled_at(journal.root, here):
        settle_killed(run, journal.copier(run.plan.site))
        yield run.id


def _bucket_at(collection: Address, place: Address) -> Bucket:
    return bucket_at(replace(collection, credentials=collection.credentials or place.credentials))


def _make(root: Path) -> None:
    try:
        root.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise JournalError(
            f"{root}: the journal cannot be kept there ({error.strerror}). Name another folder with --journal."
        ) from error
    if not os.access(root, os.W_OK):
        raise JournalError(f"{root}: the journal cannot be written there. Name another folder with --journal.")
