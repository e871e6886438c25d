"""Prints what was filed or taken back, as tables."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from imgsort.cli.output.text import print_columns, printable, shown_path

if TYPE_CHECKING:
    from imgsort.filing.planning.plan import Refusal
    from imgsort.images.finding.find import Unreadable
    from imgsort.jobs.organize.history import History
    from imgsort.jobs.organize.undo import UndoResult
    from imgsort.jobs.results import FilingResult


VERBS = {"move": "moved", "copy": "copied", "hardlink": "linked", "symlink": "linked"}


def print_filing(result: "FilingResult", *, verbose: bool) -> None:
    """Print what a run did, or would do."""
    if result.candidates:
        print_candidates(result)
    width = max((len(folder.name) for folder in result.folders), default=0)
    for folder in result.folders:
        click.echo(f"{printable(folder.name):<{width}}  {folder.count:>6}")
    if result.outliers:
        print_outliers(result)
    if verbose:
        print_moves(result)
    print_unreadable(result.unreadable)
    print_refused(result.refused)
    click.echo(_summary(result))


def print_moves(result: "FilingResult") -> None:
    """Print every move with its distance. A higher distance means an odder image."""
    rows = [(printable(move.source), printable(move.target), move.distance) for move in result.moves]
    source_width = max((len(source) for source, _, _ in rows), default=0)
    target_width = max((len(target) for _, target, _ in rows), default=0)
    click.echo(f"{'file':<{source_width}}      {'new place':<{target_width}}  distance")
    for source, target, distance in rows:
        shown = "" if distance is None else f"{distance:.3f}"
        click.echo(f"{source:<{source_width}}  ->  {target:<{target_width}}  {shown:>8}")


def print_candidates(result: "FilingResult") -> None:
    """Print how well each number of categories fits."""
    candidates = [vars(candidate) for candidate in result.candidates or ()]
    measures = [name for name in candidates[0] if name != "clusters"]
    rows = [("categories", *(name.replace("_", " ") for name in measures))]
    rows += [(str(each["clusters"]), *(f"{each[name]:.3f}" for name in measures)) for each in candidates]
    print_columns(rows, right=tuple(range(len(rows[0]))))
    click.echo()


def print_outliers(result: "FilingResult") -> None:
    """Print the outliers, the oddest first, with what is known about each. Empty columns are left out."""
    rows: list[tuple[str, ...]] = [("file", "distance", "score", "nearest", "farthest from")]
    for outlier in result.outliers or ():
        score = "" if outlier.score is None else f"{outlier.score:.1f}"
        row = (outlier.path, f"{outlier.distance:.3f}", score, outlier.nearest or "", outlier.farthest or "")
        rows.append(tuple(printable(cell) for cell in row))
    filled = [column for column in range(len(rows[0])) if any(row[column] for row in rows[1:])]
    print_columns([[row[column] for column in filled] for row in rows], right=(1, 2))


def print_unreadable(unreadable: "Sequence[Unreadable]") -> None:
    """Print the files that cannot be read, each with its reason."""
    for row in unreadable:
        click.echo(f"unreadable: {printable(row.path)}: {printable(row.reason)}")


def print_refused(refused: "Sequence[Refusal]") -> None:
    """Print the files that were left as they are, each with its reason."""
    for refusal in refused:
        click.echo(f"left alone: {printable(refusal.path)} {refusal.reason}")


def print_undo(result: "UndoResult") -> None:
    """Print what an undo did."""
    print_refused(result.refused)
    click.echo(undone_text(result))
    if result.refused:
        click.echo(
            f"Not taken back: {files_text(len(result.refused))}. Remove the cause, and "
            f"`imgsort undo {printable(shown_path(result.collection))} {result.run}` tries them again."
        )


def undone_text(result: "UndoResult") -> str:
    """Say how many files are back at their old places."""
    return f"{files_text(result.restored)} taken back from {printable(result.command)} (run {result.run})."


def print_history(result: "History") -> None:
    """Print the runs of a collection, one line for each, the oldest first."""
    if not result.runs:
        click.echo("no runs are recorded here.")
        return
    rows = [
        tuple(printable(cell) for cell in (run.id, run.started, run.command, run.mode, run.moves, run.status))
        for run in result.runs
    ]
    rows.insert(0, ("run", "started", "command", "mode", "files", "status"))
    print_columns(rows)
    for run in result.runs:
        if run.remedy:
            click.echo(printable(run.remedy))


def _summary(result: "FilingResult") -> str:
    images = f"{result.images} images"
    if not result.moves and result.status != "planned":
        return f"{images}; nothing to do."
    return f"{images}; {filed_text(result)}"


def filed_text(result: "FilingResult") -> str:
    """Say how many files were filed or would be filed, and how to take this back."""
    verb = VERBS[result.mode]
    if result.status == "planned":
        planned = f"{_units(len(result.moves), result.sidecars)} would be {verb}. Nothing was touched."
        if result.plan is None:
            return planned
        plan = printable(shown_path(result.plan))
        return f"{planned} The plan is in {plan}: `imgsort apply {plan}` carries it out."
    place = result.destination if result.mode != "move" else result.collection
    return f"{done_text(result)} {verb}. `imgsort undo {printable(shown_path(place))}` takes it back."


def done_text(result: "FilingResult") -> str:
    """Say how many files a run filed: `7 files`, or `5 files with 2 sidecars`."""
    paths = {refusal.path for refusal in result.refused}
    done = [move for move in result.moves if move.source not in paths]
    return _units(len(done), sum(move.follows is not None for move in done))


def _units(files: int, sidecars: int) -> str:
    images = files_text(files - sidecars)
    return f"{images} with {sidecars} sidecar{'' if sidecars == 1 else 's'}" if sidecars else images


def files_text(count: int) -> str:
    """Return `1 file`, or `7 files`."""
    return f"{count} file{'' if count == 1 else 's'}"
