"""Remembers which images of an inbox are not taken again, in `.imgsort`, until their content or their name changes."""

import hashlib
import os
from collections.abc import Container
from dataclasses import dataclass, replace
from typing import Any

from imgsort.content import file_content_hash
from imgsort.errors import JournalError
from imgsort.filing.journal.foreign import NONSENSE, checked_integer, checked_relative, checked_text
from imgsort.filing.journal.state import (
    json_line,
    make_state_folder,
    parsed_json,
    read_bounded,
    state_folder,
    write_atomically_unlocked,
)
from imgsort.filing.planning.site import Site
from imgsort.jobs.watch.inbox.arrivals import Arrival, Mark

MAX_BYTES = 64 * 1024**2
# So many files are remembered that are no longer in the inbox. A share may seem empty for a while.
MOST_ABSENT = 10_000
_VERSION = 1


@dataclass(frozen=True)
class Known:
    """An image that is not taken again, and why.

    `mark`: what its file looked like; None if that is not known. `content`: the hash of its bytes, or None if they
    cannot be read.
    """

    mark: Mark | None
    content: str | None
    reason: str


class Memory:
    """What one watch knows about the images of its inbox. `site`: says where files come from and where they go.

    `newest_run`: the id of the newest run whose copies are remembered.
    """

    def __init__(self, site: Site) -> None:
        self._inbox, self._root, self._name = site.collection, site.roots[0], _name_of(site)
        self._known: dict[str, Known] = {}
        self._is_saved = True
        self.newest_run = ""

    def load(self) -> None:
        """Read what is remembered on disk. Raises JournalError for a file that imgsort did not write, and OSError."""
        path = state_folder(self._root) / self._name
        data = read_bounded(path, MAX_BYTES)
        if data is None:
            return
        try:
            record = parsed_json(data)
            if record["version"] != _VERSION:
                raise ValueError(f"version {record['version']!r}")
            files = {checked_relative(row["name"]): _known(row) for row in record["files"]}
            self.newest_run = checked_text(record["newest_run"])
        except NONSENSE as error:
            raise JournalError(
                f"{path}: this is not what imgsort wrote there ({error}). Remove the file to go on without it; what it "
                "remembers is then filed again."
            ) from error
        self._known = {**files, **self._known}
        self._is_saved = self._is_saved and len(self._known) == len(files)

    def knows(self, arrival: Arrival) -> bool:
        """Say whether an image is not to be taken again.

        It is read only if its file changed since the last call but still has its size.
        """
        known = self._known.get(arrival.name)
        if known is None or known.mark == arrival.mark:
            return known is not None
        if known.mark is not None and known.mark.size != arrival.mark.size:
            return self._forget(arrival.name)
        content = file_content_hash(arrival.image.place_in(self._inbox))
        if content != known.content or content is None:
            return self._forget(arrival.name)
        self._known[arrival.name] = replace(known, mark=arrival.mark)
        self._is_saved = False
        return True

    def _forget(self, name: str) -> bool:
        del self._known[name]
        self._is_saved = False
        return False

    def add(self, name: str, known: Known) -> None:
        """Remember an image."""
        if self._known.get(name) != known:
            self._known[name] = known
            self._is_saved = False

    def has_room_for(self, name: str, content: str) -> bool:
        """Say whether it is news that the image `name` with this content is not to be taken."""
        known = self._known.get(name)
        return known is None or known.content != content

    def stays(self, arrival: Arrival, reason: str, content: str | None = None) -> None:
        """Remember an image that was to be filed and stayed, unless it has changed since it was to be filed.

        `content`: the hash of its bytes if it is known. The attempt itself may have changed the times of its status: a
        link to it was made and removed again.
        """
        mark = self._mark_of(arrival)
        if mark == arrival.mark:
            place = arrival.image.place_in(self._inbox)
            known = content or file_content_hash(place)
            if self._mark_of(arrival) == mark:
                self.add(arrival.name, Known(mark, known, reason))
        elif mark is not None and (mark.size, mark.mtime_ns) == (arrival.mark.size, arrival.mark.mtime_ns):
            self.was_filed(arrival, reason, content)

    def was_filed(self, arrival: Arrival, reason: str, content: str | None) -> None:
        """Remember an image that was filed and is still in the inbox, unless its bytes are no longer `content`.

        Its times do not count: a hard link to it changes them, and so does whoever changes rights or dates meanwhile.
        """
        mark = self._mark_of(arrival)  # before its bytes are read: if they change now, the next look sees another mark
        is_same = mark is not None and (
            mark == arrival.mark or content == file_content_hash(arrival.image.place_in(self._inbox))
        )
        if is_same and content is not None:
            self.add(arrival.name, Known(mark, content, reason))

    def _mark_of(self, arrival: Arrival) -> Mark | None:
        try:
            return Mark.of(os.stat(arrival.image.place_in(self._inbox)))
        except OSError:
            return None

    def save(self, present: Container[str]) -> None:
        """Write what is remembered to disk, if anything changed. `present`: the names in the inbox.

        Raises OSError. What was written earlier is then still there, and the next call tries again.
        """
        if self._is_saved:
            return
        absent = [name for name in self._known if name not in present]
        for name in absent[:-MOST_ABSENT]:
            del self._known[name]
        rows = [_row(name, known) for name, known in self._known.items()]
        record = {"version": _VERSION, "inbox": str(self._inbox), "newest_run": self.newest_run, "files": rows}
        write_atomically_unlocked(make_state_folder(self._root) / self._name, json_line(record))
        self._is_saved = True


def _name_of(site: Site) -> str:
    """Return the name of the file. Where images are copied, it lies with the output, which may have several inboxes."""
    if site.roots[0] == site.collection:
        return "watch.json"
    return f"watch-{hashlib.sha256(os.fsencode(site.collection)).hexdigest()[:16]}.json"


def _row(name: str, known: Known) -> dict[str, Any]:
    mark = None if known.mark is None else [known.mark.size, known.mark.mtime_ns, known.mark.ctime_ns]
    return {"name": name, "mark": mark, "content": known.content, "reason": known.reason}


def _known(row: Any) -> Known:
    mark, content = row["mark"], row["content"]
    if mark is not None:
        size, mtime_ns, ctime_ns = mark
        mark = Mark(checked_integer(size), checked_integer(mtime_ns), checked_integer(ctime_ns))
    return Known(mark, None if content is None else checked_text(content), checked_text(row["reason"]))
