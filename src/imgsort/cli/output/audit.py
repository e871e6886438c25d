"""Prints what `audit` found, as tables."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from imgsort.cli.output.filing import filed_text, files_text, print_moves, print_refused, print_unreadable
from imgsort.cli.output.text import print_columns, printable

if TYPE_CHECKING:
    from imgsort.jobs.learn.audit import AuditResult
    from imgsort.jobs.learn.auditing.findings import AuditFinding

_MOST_UNMARKED = 10
_MOST_ROWS = 10


def print_audit(result: "AuditResult", *, verbose: bool) -> None:
    """Print the marked images and those that come next, what else was found of the classes, and what was filed."""
    _print_findings(result.findings, verbose=verbose)
    _print_mixed(result, verbose=verbose)
    pairs = [
        (printable(pair.paths[0]), printable(pair.paths[1]), "same bytes" if pair.same_bytes else "looks the same")
        for pair in result.in_two_classes
    ]
    _print_rows(("in two classes", "", ""), pairs, (), verbose=verbose)
    odd = [
        (printable(row.path), printable(row.is_of), f"{row.distance:.3f}", f"{row.score:.1f}")
        for row in result.like_no_class
    ]
    _print_rows(("like no class", "class", "distance", "score"), odd, (2, 3), verbose=verbose)
    if verbose and result.filing.moves:
        print_moves(result.filing)
    print_unreadable(result.filing.unreadable)
    print_refused(result.refused)
    marked = len(result.marked)
    looked_at = f"{files_text(result.filing.images)} looked at, {marked} marked as lying in the wrong class."
    click.echo(looked_at + (f" {filed_text(result.filing)}" if result.filing.moves else ""))


def _print_findings(findings: "Sequence[AuditFinding]", *, verbose: bool) -> None:
    """Print all marked images, and of the others those with the highest scores."""
    others = [finding for finding in findings if not finding.marked]
    left = () if verbose else others[_MOST_UNMARKED:]
    shown = [finding for finding in findings if finding not in set(left)]
    if not shown:
        return
    rows = [("file", "class", "looks like", "probability", "score", "")]
    rows += [
        (
            printable(f.path),
            printable(f.is_of),
            printable(f.suggested),
            f"{f.probability:.3f}",
            f"{f.score:.3f}",
            "marked" if f.marked else "",
        )
        for f in shown
    ]
    print_columns(rows, right=(3, 4))
    _print_more(len(left))
    click.echo()


def _print_mixed(result: "AuditResult", *, verbose: bool) -> None:
    rows = [
        (
            " and ".join(printable(name) for name in pair.classes),
            str(pair.images),
            f"{pair.share:.1%}",
            "look like one class" if pair.look_like_one else "",
        )
        for pair in result.mixed
    ]
    _print_rows(("mixed up", "images", "share", ""), rows, (1, 2), verbose=verbose)


def _print_rows(
    header: tuple[str, ...], rows: Sequence[tuple[str, ...]], right: tuple[int, ...], *, verbose: bool
) -> None:
    """Print rows below a header and an empty line after them, or nothing. Without `verbose`, only the first rows."""
    if not rows:
        return
    shown = rows if verbose else rows[:_MOST_ROWS]
    print_columns([header, *shown], right=right)
    _print_more(len(rows) - len(shown))
    click.echo()


def _print_more(count: int) -> None:
    if count:
        click.echo(f"... and {count} more: --verbose and --json show all.")
