"""Prints what `find` found, as a table, and what `report` wrote."""

from typing import TYPE_CHECKING

import click

from imgsort.cli.output.filing import filed_text, print_moves, print_refused, print_unreadable
from imgsort.cli.output.text import print_columns, printable, shown_path

if TYPE_CHECKING:
    from imgsort.jobs.look.find import FindResult
    from imgsort.jobs.look.report import ReportResult


def print_found(result: "FindResult", *, verbose: bool) -> None:
    """Print each match with its distance, the files that cannot be read, and what was filed."""
    if result.matches:
        rows = [("distance", "file")]
        rows += [(f"{match.distance:.4f}", printable(match.path)) for match in result.matches]
        print_columns(rows, right=(0,))
        click.echo()
    if verbose and result.filing.moves:
        print_moves(result.filing)
    print_unreadable(result.filing.unreadable)
    print_refused(result.refused)
    found = f"{len(result.matches)} of {result.filing.images} images found."
    filed = f" {filed_text(result.filing)}" if result.filing.moves else ""
    click.echo(found + filed)


def print_report(result: "ReportResult") -> None:
    """Print where the report is."""
    click.echo(f"{result.images} images of run {result.run}. Report: {printable(shown_path(result.file))}")
