"""Lists the images in an object store, and gives their bytes to the engine that looks at them."""

import contextlib
import errno
import os
import threading
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from imgsort.content import content_hash
from imgsort.errors import UnreadableImageError
from imgsort.images.decoding.decode import MAX_FILE_BYTES
from imgsort.images.finding.among import images_among
from imgsort.images.finding.find import ImageFile, Listing, Unreadable
from imgsort.images.finding.leaving_out.rules import DEFAULT_RULES, Rules
from imgsort.images.finding.sidecars import Sidecar
from imgsort.sidecar_names.rules import BUILT_IN, SidecarRules
from imgsort.storage.keys import why_unsafe
from imgsort.storage.objects import StoredObject
from imgsort.storage.store import Store

# Larger objects are held in memory one at a time.
_LARGE_BYTES = 128 * 1024**2
_one_large_at_a_time = threading.RLock()


@dataclass(frozen=True)
class StoreListing:
    """The images in a store, and the objects that may be copied, images and sidecars, by their paths."""

    listing: Listing
    objects: dict[str, StoredObject]

    def images_of(self, files: Sequence[ImageFile], store: Store) -> "StoreImages":
        """Return some of the listed images for an engine."""
        return StoreImages(store, files, tuple(self.objects[file.path].mark for file in files))


def empty_prefix_hint(*, recursive: bool) -> str:
    """Return what to do about a prefix without images. A store does not say whether there is such a prefix."""
    if recursive:
        return " Check the prefix."
    return " Check the prefix, or add --recursive if they are in folders below it."


@dataclass(frozen=True)
class StoreImages:
    """Images in an object store. It fulfils `features.engine.Images`, and can be pickled.

    `marks`: the mark of each of `files` when it was listed. Bytes that came later under the same key are not read.
    """

    store: Store
    files: Sequence[ImageFile]
    marks: Sequence[str]

    @property
    def place(self) -> str:
        """The address that they lie at, as a message names it."""
        return str(self.store.address)

    @property
    def root(self) -> Path:
        """A name under which the cache knows them. It is absolute, and no such folder is ever looked into.

        The time of an object changes whenever its mark does, so the cache need not read it again.
        """
        address = self.store.address
        return Path(os.sep, "imgsort-objects", address.scheme, address.bucket, address.prefix)

    @contextlib.contextmanager
    def bytes_of(self, number: int) -> Iterator[tuple[bytes, str]]:
        """Give the bytes of an image and their hash. Raises UnreadableImageError, and StorageError."""
        file = self.files[number]
        with _one_large_at_a_time if file.size > _LARGE_BYTES else contextlib.nullcontext():
            try:
                data = self.store.read(file.path, MAX_FILE_BYTES, self.marks[number])
            except OSError as error:
                verb = "is too large" if error.errno == errno.EFBIG else "cannot be read"
                raise UnreadableImageError(f"{verb}: {error.strerror or error}") from error
            except MemoryError as error:
                raise UnreadableImageError(f"is too large for the memory: {file.size} bytes") from error
            yield data, content_hash(data)

    def only(self, numbers: Sequence[int]) -> "StoreImages":
        """Return the images with these numbers, numbered anew in this order."""
        return replace(
            self,
            files=tuple(self.files[number] for number in numbers),
            marks=tuple(self.marks[number] for number in numbers),
        )


def list_store(
    store: Store,
    *,
    recursive: bool = False,
    folders: Collection[str] | None = None,
    left_out: Collection[str] = (),
    rules: Rules | None = DEFAULT_RULES,
    sidecar_rules: SidecarRules = BUILT_IN,
) -> StoreListing:
    """List the images directly at the address of a store; with `recursive`, in all folders below it.

    `folders`: list these folders instead, "" for the address itself. An image is known by the suffix of its name;
    nothing is read. A key that cannot be addressed safely is listed as unreadable. Raises StorageError, OSError and
    UsageError.
    """
    found: dict[str, StoredObject] = {}
    unsafe: list[Unreadable] = []
    for folder in [""] if folders is None else sorted(folders):
        for stored in store.list(folder, recursive=recursive):
            reason = why_unsafe(stored.key.removesuffix("/"))
            if reason is not None:
                unsafe.append(Unreadable(stored.key, reason))
            elif not stored.key.endswith("/"):  # such a key stands for a folder
                found[stored.key] = stored
    entries = (Sidecar(stored.key, stored.size, stored.mtime_ns) for stored in found.values())
    listing = images_among(entries, left_out=left_out, rules=rules, sidecar_rules=sidecar_rules)
    kept = {file.path for file in listing.files} | {side.path for file in listing.files for side in file.sidecars}
    listing = replace(listing, unreadable=(*unsafe, *listing.unreadable))
    return StoreListing(listing, {path: stored for path, stored in found.items() if path in kept})
