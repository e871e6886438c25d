"""Begins, reads and lists the runs of a journal: a folder of this machine, with one file for each run."""

import contextlib
import os
import time
from collections.abc import Iterator
from pathlib import Path

from imgsort.errors import JournalError, NothingToUndoError, PlanError, UsageError
from imgsort.filing.journal.foreign import NONSENSE
from imgsort.filing.journal.run import Status, run_path
from imgsort.filing.journal.run_file import complete_lines, readable_again
from imgsort.filing.journal.run_format import FOLDER_RUN
from imgsort.filing.journal.run_ids import id_after
from imgsort.filing.journal.runs import last_status, run_ids
from imgsort.filing.journal.state import (
    json_line,
    make_state_folder,
    parsed_json,
    read_bounded,
    state_folder,
    sync_folder,
    write_atomically,
    write_synced,
)
from imgsort.filing.objects.plan import ObjectPlan, ObjectSite
from imgsort.filing.objects.run import ObjectRun, parse_header, parse_run, plan_lines

_NONSENSE = (*NONSENSE, UsageError)
_UNSETTLED = (Status.UNFINISHED, Status.UNDO_UNFINISHED)
_MOST_TOKENS = 1000
_MAX_TOKEN_BYTES = 1024**2


def require_no_other_journal(root: Path) -> None:
    """Raise JournalError if the runs in a folder are those of a folder of images: they must stay as they are."""
    for run_id in run_ids(root):
        with _foreign(run_path(root, run_id)), contextlib.closing(complete_lines(run_path(root, run_id))) as lines:
            kind = parsed_json(next(lines, b"{}")).get("type")
        if kind == FOLDER_RUN:
            raise JournalError(
                f"{root}: this folder holds the journal of a folder of images. Name another folder with --journal."
            )


def begin_run(root: Path, plan: ObjectPlan, command: str) -> ObjectRun:
    """Write the plan to the journal at `root`; it is on disk when this returns.

    Raises OSError, and PlanError if the plan is more than a run can record. Both leave nothing behind.
    """
    make_state_folder(root)
    run_id = id_after(max(run_ids(root), default=""))
    path = run_path(root, run_id)
    run = ObjectRun(run_id, command, time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), plan, path)
    temporary = path.with_suffix(".tmp")
    try:
        write_synced(temporary, readable_again(plan_lines(run)))
        os.replace(temporary, path)
        sync_folder(path.parent)
    except (OSError, PlanError):
        path.unlink(missing_ok=True)
        temporary.unlink(missing_ok=True)
        raise
    return run


def load_object_run(root: Path, run_id: str) -> ObjectRun:
    """Read one run. Raises JournalError for a file that imgsort did not write."""
    path = run_path(root, run_id)
    with _foreign(path), contextlib.closing(complete_lines(path)) as lines:
        return parse_run(path, run_id, lines)


def runs_at(root: Path, site: ObjectSite) -> list[str]:
    """Return the ids of the runs that copied to a site's destination, oldest first. Raises JournalError."""
    return [run_id for run_id in run_ids(root) if _is_at(root, run_id, site)]


def unsettled_at(root: Path, site: ObjectSite) -> list[ObjectRun]:
    """Return the runs to a site's destination that were killed, or whose undo was killed. Raises JournalError."""
    ids = [run_id for run_id in run_ids(root) if last_status(root, run_id) in _UNSETTLED]
    return [load_object_run(root, run_id) for run_id in ids if _is_at(root, run_id, site)]


def object_run_to_undo(root: Path, site: ObjectSite, run_id: str | None = None) -> ObjectRun:
    """Return the run `run_id`, or the newest run that is not undone. Raises NothingToUndoError and JournalError."""
    ids = runs_at(root, site)
    if run_id is None:
        settled = (Status.UNDONE, Status.UNDONE_IN_PART)
        run_id = next((each for each in reversed(ids) if last_status(root, each) not in settled), None)
        if run_id is None:
            raise NothingToUndoError(
                f"{site.destination}: nothing to undo; every run that the journal {root} records was taken back "
                "already, or there is none. --journal names another journal."
            )
    elif run_id not in ids:
        raise NothingToUndoError(
            f"{site.destination}: there is no run {run_id!r} in the journal {root}. `imgsort history` lists them."
        )
    run = load_object_run(root, run_id)
    if run.status is Status.UNDONE:
        raise NothingToUndoError(f"{site.destination}: run {run_id} was taken back already.")
    return run


def remove_unfinished_plans(root: Path) -> None:
    """Remove plans that a killed run did not finish writing: it had copied nothing yet."""
    for leftover in (state_folder(root) / "runs").glob("*.tmp"):
        leftover.unlink()


def claim_tokens(root: Path) -> tuple[str, ...]:
    """Return the tokens of the claims that this journal made, the newest last. Raises JournalError."""
    path = state_folder(root) / "claims.json"
    data = read_bounded(path, _MAX_TOKEN_BYTES)
    if data is None:
        return ()
    with _foreign(path):
        return tuple(str(token) for token in parsed_json(data)["tokens"])


def remember_claim(root: Path, token: str) -> None:
    """Write the token of a claim that is about to be made. Raises OSError and JournalError."""
    tokens = [*claim_tokens(root), token][-_MOST_TOKENS:]
    write_atomically(make_state_folder(root) / "claims.json", json_line({"version": 1, "tokens": tokens}))


def _is_at(root: Path, run_id: str, site: ObjectSite) -> bool:
    path = run_path(root, run_id)
    with _foreign(path), contextlib.closing(complete_lines(path)) as lines:
        _, found = parse_header(lines, run_id)
    return (found.destination, found.host) == (site.destination, site.host)


@contextlib.contextmanager
def _foreign(path: Path) -> Iterator[None]:
    try:
        yield
    except _NONSENSE as error:
        raise JournalError(
            f"{path}: this is not what imgsort records of an object store ({error}). Remove it to go on without it."
        ) from error
