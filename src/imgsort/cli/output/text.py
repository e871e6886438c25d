"""Makes text fit for a terminal: escaped names, columns, and paths as a person types them."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from imgsort.storage.addresses import Address


def printable(text: object) -> str:
    """Return `text` in a form that is fit for one line of a terminal.

    Control characters and bytes that are not UTF-8 are escaped.
    """
    return "".join(
        c if c.isprintable() else c.encode("unicode_escape", "surrogatepass").decode("ascii") for c in str(text)
    )


def print_columns(rows: "Sequence[Sequence[str]]", right: tuple[int, ...] = ()) -> None:
    """Print rows of equal length in columns. The columns numbered in `right` are aligned to the right."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        columns = enumerate(zip(row, widths, strict=True))
        cells = [f"{cell:>{width}}" if column in right else f"{cell:<{width}}" for column, (cell, width) in columns]
        click.echo("  ".join(cells).rstrip())


def shown_path(path: "Path | Address") -> "Path | Address":
    """Return the path as a person would type it in the current folder. An address is returned as it is."""
    if not isinstance(path, Path):
        return path
    try:
        here = Path.cwd()
    except OSError:  # somebody removed it while the command ran
        return path
    return path.relative_to(here) if path.is_relative_to(here) and path != here else path


def without_credentials(message: str) -> str:
    """Return a message without the credentials of an address that a person typed."""
    if "://" not in message:
        return message
    from imgsort.jobs.scale.journals import without_credentials as without

    return without(message)
