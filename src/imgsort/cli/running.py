"""Runs a job for a command, with a listener on this terminal; shows its result, and ends with its exit code."""

from collections.abc import Callable
from typing import Any, TypeVar

import click

_REFUSED_EXIT_CODE = 4
_INTERRUPTED_EXIT_CODE = 130

Result = TypeVar("Result")


def run(job: Callable[..., Result], quiet: bool, **keywords: Any) -> Result:
    """Run a job that tells a listener how it goes. Nothing else that is at work writes to the terminal."""
    from imgsort.cli.terminal import TerminalListener, without_chatter

    listener = TerminalListener(quiet=quiet)
    try:
        with without_chatter():
            return job(listener=listener, **keywords)
    finally:
        listener.close_training()


def show(result: Any, as_table: Callable[[Any], None], *, as_json: bool) -> None:
    """Print a result as one JSON object, or as people read it."""
    from imgsort.cli.output.result import print_json

    print_json(result.to_json()) if as_json else as_table(result)


def show_filing(result: Any, *, verbose: bool, as_json: bool) -> None:
    """Print what a command filed, and exit with its code."""
    from imgsort.cli.output.filing import print_filing

    show(result, lambda filed: print_filing(filed, verbose=verbose), as_json=as_json)
    exit_for(result.refused)


def filing_keywords(settings: dict[str, Any]) -> dict[str, Any]:
    """Turn --copy, --hardlink and --symlink into one mode, and --no-sidecars and --no-cache into their opposites.

    Raises a usage error for two modes.
    """
    chosen = [mode for mode in ("copy", "hardlink", "symlink") if settings.pop(mode)]
    if len(chosen) > 1:
        raise click.UsageError(f"--{chosen[0]} and --{chosen[1]} do not go together.")
    return {**positive(settings), "mode": chosen[0] if chosen else "move"}


def positive(settings: dict[str, Any]) -> dict[str, Any]:
    """Turn --no-sidecars and --no-cache into their opposites."""
    said = {name.removeprefix("no_"): not value for name, value in settings.items() if name.startswith("no_")}
    return {**{name: value for name, value in settings.items() if not name.startswith("no_")}, **said}


def exit_for(refused: tuple[Any, ...]) -> None:
    """Exit with the code for files that were left as they are, if there are any."""
    if refused:
        raise click.exceptions.Exit(_REFUSED_EXIT_CODE)


def exit_if_interrupted(status: str) -> None:
    """Exit with the code for Ctrl-C, where that ended a job early and what it had was kept."""
    if status == "interrupted":
        raise click.exceptions.Exit(_INTERRUPTED_EXIT_CODE)
