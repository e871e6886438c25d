"""Tidies up after a run or an undo that was killed, so that every file is whole and at one place.

The plan and the disk together say what was done. A killed run is not continued: its status becomes `interrupted`,
and `undo` takes back what it did.
"""

import os
from pathlib import Path

from imgsort.filing.journal import category_folders
from imgsort.filing.journal.category_folders import Changes
from imgsort.filing.journal.run import Links, Run, Status
from imgsort.filing.journal.runs import forget_run, load_run, remove_unfinished_plans, unsettled_ids
from imgsort.filing.journal.twins import has_twin, level_twin
from imgsort.filing.moving.one_file.bring import complete_or_take_back
from imgsort.filing.moving.one_file.checks import leads_through_link, regular_status
from imgsort.filing.moving.one_file.ends import back, forth
from imgsort.filing.moving.one_file.links import place_of
from imgsort.filing.moving.one_file.placeholders import remove_placeholder
from imgsort.filing.paths import exists, parent_of
from imgsort.filing.planning.plan import Move
from imgsort.filing.planning.site import Mode


def unsettled_runs(root: Path) -> list[Run]:
    """Return the runs recorded in `root` that were killed before their end. Raises JournalError."""
    return [load_run(root, run_id) for run_id in unsettled_ids(root)]


def settle(root: Path) -> list[str]:
    """Settle every killed run recorded in `root`; return their ids. The caller holds the locks.

    Raises JournalError for records that imgsort did not write, and OSError.
    """
    remove_unfinished_plans(root)
    settled = []
    for run in unsettled_runs(root):
        if _never_began(run, root):
            forget_run(root, run.id)
            continue
        level_twin(run)
        undoing = run.status is Status.UNDO_UNFINISHED
        settle_moves(run, undoing=undoing)
        record_result(run)
        run.add("undo_stopped" if undoing else "interrupted")
        settled.append(run.id)
    return settled


def settle_moves(run: Run, *, undoing: bool = False) -> None:
    """Remove what a killed run left half done. The caller may repeat this. Raises OSError."""
    refused = run.refused_moves
    settler = _Settler(run, undoing=undoing)
    for number in range(len(run.plan.moves)):
        if number not in refused:
            settler.settle(number)


def settle_move(run: Run, number: int, *, undoing: bool = False) -> None:
    """Remove what the failed move of one file left half done. Raises OSError."""
    _Settler(run, undoing=undoing).settle(number)


class _Settler:
    """Removes what the moves of one run, or of its undo, left half done."""

    def __init__(self, run: Run, *, undoing: bool) -> None:
        self.run, self.place = run, place_of(run)
        self.direction, self.at = (back, "source") if undoing else (forth, "target")
        self.placeholders, self.copies, self.is_across = run.placeholders, run.copies, run.is_across

    def settle(self, number: int) -> None:
        """Leave the file of one move whole at one place. Raises OSError."""
        site, move = self.run.plan.site, self.run.plan.moves[number]
        if leads_through_link(site, move):
            return
        ends = self.direction(site, move)
        temporary = self.run.temporary_path(ends.new, number)
        if regular_status(temporary) is not None:
            os.unlink(temporary)
        if (self.at, number) in self.placeholders and regular_status(ends.old) is not None:
            remove_placeholder(ends.new, move)
        if site.mode is Mode.MOVE:
            written = self.is_across or (self.at, number) in self.copies
            complete_or_take_back(ends, move, self.place, written=written)


def record_result(run: Run) -> None:
    """Update the record of category folders: it then says where the run's files are on disk now.

    The members of a category are its images. Their followers do not help to recognise a folder, and sidecars that
    an editor writes are often alike.
    """
    site, plan = run.plan.site, run.plan
    placed: list[Move] = []
    waiting: list[Move] = []
    refused, planned = run.refused_moves, run.planned_folders
    for number, move in enumerate(plan.moves):
        if move.follows is not None:
            continue
        is_placed = number not in refused and exists(site.destination / move.target)
        (placed if is_placed else waiting).append(move)
    if site.mode is Mode.MOVE:
        category_folders.record(
            site.collection,
            Changes(
                has_inodes=run.links is not Links.HIDDEN,
                made=run.removed_origins,
                removed=[path for path, _ in run.removed_folders if not (site.collection / path).is_dir()],
                lost=[(move.source, move.content) for move in placed],
                gained=[(move.source, move.content) for move in waiting],
            ),
        )
    category_folders.record(
        site.destination,
        Changes(
            has_inodes=run.links is not Links.HIDDEN,
            made={path: planned.get(path, path) for path in plan.categories if path not in run.foreign_folders},
            removed=[
                path
                for path in {*plan.made, *(parent_of(move.target) for move in waiting)}
                if not (site.destination / path).is_dir()
            ],
            lost=[(move.target, move.content) for move in waiting],
            gained=[(move.target, move.content) for move in placed],
        ),
    )


def _never_began(run: Run, root: Path) -> bool:
    """Say whether a run to another root was killed before both roots had its file.

    The file in the destination is written first. So only there can it be without its twin.
    """
    site = run.plan.site
    return (
        len(site.roots) == 2
        and root == site.destination
        and not run.events
        and not has_twin(run)
        and not any(exists(site.destination / move.target) for move in run.plan.moves)
    )
