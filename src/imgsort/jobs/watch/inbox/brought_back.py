"""Finds in the journal what must not be taken again: images that an undo brought back, and images copied already."""

import os
from pathlib import Path

from imgsort.errors import ElsewhereError
from imgsort.filing.journal.run import Run, Status, run_path
from imgsort.filing.journal.runs import command_of, last_status, load_run, run_ids
from imgsort.filing.paths import exists
from imgsort.filing.planning.plan import Move
from imgsort.filing.planning.site import Mode, Site
from imgsort.jobs.watch.inbox.memory import Known, Memory

BROUGHT_BACK = "an undo brought it back"
COPIED = "it was filed before"
# An undo says that it begins before it brings the first file back.
_UNDONE = (Status.UNDO_UNFINISHED, Status.UNDO_STOPPED, Status.UNDONE, Status.UNDONE_IN_PART)


class BroughtBack:
    """Reads the journal of one watch again and again. Only runs whose file changed are read."""

    def __init__(self, site: Site, command: str) -> None:
        self._site, self._command, self._root = site, command, site.roots[0]
        self._seen: dict[str, tuple[int, int]] = {}
        self._is_first = True

    def tell(self, memory: Memory) -> None:
        """Let `memory` know what the journal says since the last call. Raises JournalError and OSError.

        At first, only what an earlier watch filed counts: a person may have tried other commands before. Later, what
        any command filed and an undo brings back counts.
        """
        for run_id in run_ids(self._root):
            stamp = _stamp(run_path(self._root, run_id))
            if stamp is not None and self._seen.get(run_id) != stamp:
                self._seen[run_id] = stamp
                self._tell_of(run_id, memory)
        self._is_first = False

    def _tell_of(self, run_id: str, memory: Memory) -> None:
        is_undone = last_status(self._root, run_id) in _UNDONE
        is_copy = self._site.mode is not Mode.MOVE and run_id > memory.newest_run
        if not (is_undone or is_copy):
            return
        is_own = command_of(self._root, run_id) == self._command
        if not is_own and (self._is_first or not is_undone):
            return
        try:
            run = load_run(self._root, run_id)
        except ElsewhereError:  # recorded for folders that were moved since
            return
        if run.plan.site.collection == self._site.collection:
            for move in run.plan.moves:
                if "/" not in move.source and move.follows is None:
                    self._tell_of_move(run, move, memory, is_undone=is_undone)

    def _tell_of_move(self, run: Run, move: Move, memory: Memory, *, is_undone: bool) -> None:
        if not is_undone and not exists(run.plan.site.destination / move.target):
            return
        if (not self._is_first or exists(self._site.collection / move.source)) and memory.has_room_for(
            move.source, move.content
        ):
            memory.add(move.source, Known(None, move.content, BROUGHT_BACK if is_undone else COPIED))


def _stamp(path: Path) -> tuple[int, int] | None:
    try:
        status = os.stat(path)
    except OSError:
        return None
    return status.st_size, status.st_mtime_ns
