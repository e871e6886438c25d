"""Copies one object to a new key, and removes one copy. Never overwrites, and never removes a last copy."""

from dataclasses import dataclass

from imgsort.content import content_hash
from imgsort.filing.objects.plan import ObjectCopy, ObjectSite
from imgsort.filing.objects.run import Made
from imgsort.storage.objects import Bucket, Conditions, Missing, Refused, StoredObject, Unanswered, Unmet

# What is read here to compare it. A larger object is not known again.
_MAX_COMPARED_BYTES = 256 * 1024**2


class NotDone(Exception):
    """An object is left as it is. The message gives the reason."""


@dataclass(frozen=True)
class Copier:
    """Copies objects of one site. `source` and `target` are the buckets; `can` is what the store honours."""

    site: ObjectSite
    source: Bucket
    target: Bucket
    can: Conditions

    def copy(self, copy: ObjectCopy) -> Made:
        """Copy one object. Raises NotDone if it must stay alone, and StorageError if nothing goes on."""
        key = self.site.destination.key_of(copy.target)
        try:
            if not self.can.put and self.target.head(key) is not None:
                raise NotDone("its new key was taken meanwhile")
            write = self.target.copy if self.can.copy else self.target.copy_through
            bucket, source = self.site.collection.bucket, self.site.collection.key_of(copy.source)
            written = write(bucket, source, copy.mark, key, is_free=self.can.put)
        except Missing:
            raise NotDone("is no longer there") from None
        except Unmet as error:
            return self._made_before(copy, was_retried=error.was_retried)
        except (Refused, Unanswered) as error:
            raise NotDone(f"was not copied: {error.strerror or error}") from error
        except MemoryError as error:
            raise NotDone(f"is too large for the memory: {copy.size} bytes") from error
        return Made(written.mark, written.version)

    def _made_before(self, copy: ObjectCopy, *, was_retried: bool) -> Made:
        """Return the copy that an earlier, unanswered request made. Raises NotDone if the object is somebody else's."""
        found = self.found(copy) if was_retried else None
        if found is not None:
            return found
        source = self.source.head(self.site.collection.key_of(copy.source))
        if source is None or source.mark != copy.mark:
            raise NotDone("was changed since the plan was made" if source else "is no longer there")
        raise NotDone("its new key was taken meanwhile")

    def found(self, copy: ObjectCopy) -> Made | None:
        """Return the copy that is there already, with the content that was planned, or None.

        A copy that cannot be compared is none. Raises Unanswered and StorageError.
        """
        try:
            target = self.target.head(self.site.destination.key_of(copy.target))
            if target is None or target.size != copy.size:
                return None
            source = self.source.head(self.site.collection.key_of(copy.source))
            if source is None or source.mark != copy.mark or not self._is_same(source, target):
                return None
        except (Missing, Refused, Unmet):
            return None
        return Made(target.mark, target.version)

    def _is_same(self, source: StoredObject, target: StoredObject) -> bool:
        if source.digest and source.digest == target.digest:
            return True
        if target.size > _MAX_COMPARED_BYTES:
            return False
        content = content_hash(self.source.read(source.key, source.mark, _MAX_COMPARED_BYTES))
        return content == content_hash(self.target.read(target.key, target.mark, _MAX_COMPARED_BYTES))

    def take_back(self, copy: ObjectCopy, made: Made) -> None:
        """Remove one copy, if its source is there as it was. Raises NotDone otherwise, and StorageError."""
        key = self.site.destination.key_of(copy.target)
        try:
            target = self.target.head(key)
            if target is None:
                return
            if target.size != copy.size or (target.mark, target.version) != (made.mark, made.version):
                raise NotDone("was changed since")
            source = self.source.head(self.site.collection.key_of(copy.source))
            if source is None or (source.mark, source.size) != (copy.mark, copy.size):
                raise NotDone("may be the last copy: its original is gone or was changed")
            self.target.remove(key, made.mark if self.can.remove else "")
        except Unmet:
            raise NotDone("was changed since") from None
        except (Missing, Refused, Unanswered) as error:
            raise NotDone(f"was not removed: {error.strerror or error}") from error
