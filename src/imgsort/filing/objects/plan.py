"""Describes the copies of a run in an object store. imgsort shows, saves, applies and undoes them."""

from collections.abc import Iterable
from dataclasses import dataclass

from imgsort.filing.planning.plan import FolderCount, Move, Refusal
from imgsort.storage.addresses import Address


@dataclass(frozen=True)
class ObjectSite:
    """Where a run copies objects from, and to. Sources are relative to `collection`, targets to `destination`.

    `host`: where the store is, "" for the provider's own. Two stores may have buckets of the same name.
    """

    collection: Address
    destination: Address
    host: str = ""

    def sources_as_targets(self, sources: Iterable[str]) -> set[str]:
        """Return the paths that those sources have as targets which can be one. A copy must never have such a path."""
        if (self.collection.scheme, self.collection.bucket) != (self.destination.scheme, self.destination.bucket):
            return set()
        keys, prefix = (self.collection.key_of(source) for source in sources), self.destination.prefix
        return {key.removeprefix(prefix) for key in keys if key.startswith(prefix)}


@dataclass(frozen=True)
class ObjectCopy(Move):
    """The copy of one object. `mark` is the mark of the object that was judged: another one must not be copied."""

    mark: str = ""


@dataclass(frozen=True)
class ObjectPlan:
    """All that a run will do. In `copies`, the image of a unit comes first, and its followers right after it."""

    site: ObjectSite
    copies: tuple[ObjectCopy, ...]
    folders: tuple[FolderCount, ...]
    kept: tuple[Refusal, ...] = ()
