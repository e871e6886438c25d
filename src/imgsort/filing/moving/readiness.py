"""Checks whether the files of a unit can be moved, as far as this can be known beforehand."""

from imgsort.filing.journal.run import Run
from imgsort.filing.moving.one_file.checks import Refused, require_no_link, require_unchanged
from imgsort.filing.moving.one_file.symbolic_links import require_same_link
from imgsort.filing.paths import exists, name_of, parent_of


def require_ready(run: Run, number: int) -> None:
    """Raise Refused if the file of a move is not the one that the plan was made for, or may not go to its target."""
    site, move = run.plan.site, run.plan.moves[number]
    if parent_of(move.target) in run.foreign_folders:
        raise Refused("someone else made a folder of its category's name meanwhile")
    require_no_link(site, move)
    if move.link is None:
        require_unchanged(site.collection / move.source, move)
    else:
        require_same_link(site.collection / move.source, move.link)


def refusals_beforehand(run: Run, unit: range) -> dict[int, str]:
    """Return, by number, why files of a unit cannot be moved, as far as this can be known before the first move."""
    reasons: dict[int, str] = {}
    for number in unit:
        try:
            require_ready(run, number)
            if exists(run.plan.site.destination / run.plan.moves[number].target):
                raise Refused("its new name was taken meanwhile")
        except Refused as refusal:
            reasons[number] = str(refusal)
    return reasons


def spread(run: Run, unit: range, reasons: dict[int, str]) -> dict[int, str]:
    """Return a reason for every file of a unit that stays as a whole: its own reason, or the file that keeps it."""
    kept_by = min(reasons)
    shared = f"stays with {name_of(run.plan.moves[kept_by].source)!r} ({reasons[kept_by]})"
    return {number: reasons.get(number, shared) for number in unit}
