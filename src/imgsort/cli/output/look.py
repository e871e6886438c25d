"""Prints what `report` wrote."""

from typing import TYPE_CHECKING

import click

from imgsort.cli.output.text import printable, shown_path

if TYPE_CHECKING:
    from imgsort.jobs.look.report import ReportResult


def print_report(result: "ReportResult") -> None:
    """Print where the report is."""
    click.echo(f"{result.images} images of run {result.run}. Report: {printable(shown_path(result.file))}")
