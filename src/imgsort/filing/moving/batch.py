"""Ends a batch of moves, for a run or an undo: waits until the new names are on disk, then removes the old ones."""

from collections.abc import Mapping

from imgsort.filing.journal.run import Run
from imgsort.filing.journal.state import sync_folder
from imgsort.filing.moving.one_file.bring import Brought, drop_old_name
from imgsort.filing.moving.one_file.checks import Refused, require_only_one_file
from imgsort.filing.moving.one_file.ends import Direction, back
from imgsort.filing.moving.settle import settle_move
from imgsort.filing.paths import exists


def drop_old_names(run: Run, brought: Mapping[int, Brought], direction: Direction) -> dict[int, str]:
    """Wait until the new names of a batch are on disk, then remove the old ones. Raises OSError.

    `brought` says how each file got its new name, by the number of its move. Returns, also by number, the reasons
    why some files were left as they are.
    """
    site, moves = run.plan.site, run.plan.moves
    ends = {number: direction(site, moves[number]) for number in brought}
    for folder in {each.new.parent for each in ends.values()}:
        sync_folder(folder)
    reasons: dict[int, str] = {}
    for number, how in brought.items():
        if how is Brought.FINISHED:
            continue
        try:
            drop_old_name(ends[number], moves[number], how)
        except Refused as refusal:
            reasons[number] = str(refusal)
        except OSError as error:
            require_only_one_file(error, site)
            settle_move(run, number, undoing=direction is back)
            if exists(ends[number].old):
                reasons[number] = reason_of(error)
    return reasons


def reason_of(error: OSError) -> str:
    """Return the reason for a row: why the system does not let one file be moved."""
    return f"cannot be moved ({error.strerror})"
