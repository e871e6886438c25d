"""Prints one line for each batch that `watch` filed, for a log or for a program that reads JSON lines."""

import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import click

from imgsort.cli.output.filing import VERBS, done_text, print_moves
from imgsort.cli.output.result import print_json
from imgsort.cli.output.text import printable, shown_path

if TYPE_CHECKING:
    from imgsort.jobs.results import FilingResult


def print_batch(result: "FilingResult", *, verbose: bool) -> None:
    """Print one line: when, the run, what was filed and where, and how many files stay."""
    run = "no run" if result.run is None else f"run {result.run}"
    status = f" ({result.status})" if result.status in ("stopped", "interrupted") else ""
    stays = ((len(result.unreadable), "unreadable"), (len(result.refused), "left alone"))
    rest = "".join(f"; {count} {what}" for count, what in stays if count)
    told = f"{done_text(result)} {VERBS[result.mode]}{_folders_text(result)}{rest}"
    click.echo(f"{time.strftime('%Y-%m-%dT%H:%M:%S')} {run}{status}: {told}")
    if verbose and result.moves:
        print_moves(result)


def _folders_text(result: "FilingResult") -> str:
    """Say how many images of this batch went into each folder, relative to the output."""
    left = {refusal.path for refusal in result.refused}
    places = (result.destination / move.target for move in result.moves if not (move.follows or move.source in left))
    counts = Counter(place.parent for place in places)
    named = [
        f"{printable(folder.relative_to(result.output) if folder.is_relative_to(result.output) else folder)} {count}"
        for folder, count in sorted(counts.items())
    ]
    return f" to {', '.join(named)}" if named else ""


def print_batch_as_json(result: "FilingResult") -> None:
    """Print the result as one line of JSON, in ASCII."""
    print_json(result.to_json(), in_one_line=True)


def tell_what_stays(result: "FilingResult") -> None:
    """Name the files that stay, with the reason, on stderr."""
    for row in result.unreadable:
        click.echo(f"imgsort: unreadable: {printable(row.path)}: {row.reason}", err=True)
    for refusal in result.refused:
        click.echo(f"imgsort: left alone: {printable(refusal.path)} {refusal.reason}", err=True)


def done_by_runs(runs: int, inbox: Path) -> str:
    """Say in one sentence in how many runs files were filed; "" if in none."""
    if not runs:
        return ""
    return (
        f"Files were filed in {runs} run{'' if runs == 1 else 's'}: `imgsort history {printable(shown_path(inbox))}`."
    )
