"""Prints what `check` found, as tables."""

from typing import TYPE_CHECKING

import click

from imgsort.cli.output.filing import filed_text, files_text, print_moves, print_refused
from imgsort.cli.output.text import print_columns, printable

if TYPE_CHECKING:
    from imgsort.jobs.organize.check import CheckResult


def print_check(result: "CheckResult", *, verbose: bool) -> None:
    """Print each finding with its value and threshold, how often each reason occurs, and what was filed."""
    rows = [("reason", "value", "threshold", "file")]
    rows += [
        (f.reason, _number(f.value), _number(f.threshold), printable(f"{f.path}: {f.detail}" if f.detail else f.path))
        for f in result.findings
    ]
    if result.findings:
        print_columns(rows, right=(1, 2))
        click.echo()
        print_columns([(reason, str(result.count(reason))) for reason in _reasons(result)], right=(1,))
    if verbose and result.filing.moves:
        print_moves(result.filing)
    print_refused(result.refused)
    faulty = len({finding.path for finding in result.findings})
    looked_at = f"{files_text(result.filing.images + len(result.filing.unreadable))} looked at, {faulty} with a fault."
    filed = f" {filed_text(result.filing)}" if result.filing.moves else ""
    click.echo(looked_at + filed)


def _reasons(result: "CheckResult") -> list[str]:
    return list(dict.fromkeys(finding.reason for finding in result.findings))


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.4g}"
