"""Runs a job for a command with a listener on this terminal, shows the result, and exits with its code."""

import shlex
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import click

_REFUSED_EXIT_CODE = 4
_INTERRUPTED_EXIT_CODE = 130

Result = TypeVar("Result")


def run(job: Callable[..., Result], quiet: bool, *, report_file: Path | None = None, **keywords: Any) -> Result:
    """Run a job with a listener that shows its progress, and write a report of its result if a file is given.

    Meanwhile nothing else writes to the terminal.
    """
    from imgsort.cli.terminal import TerminalListener, without_chatter

    if report_file is not None:
        _require_local(keywords.get("folder"))
        job = _reporting(job, report_file)
    listener = TerminalListener(quiet=quiet)
    try:
        with without_chatter():
            return job(listener=listener, **keywords)
    finally:
        listener.close_training()


def _require_local(folder: Any) -> None:
    """Raise a usage error for an address: the page of a report needs the images on this machine."""
    if folder is not None and not isinstance(folder, Path):
        raise click.UsageError(f"{folder}: --report needs a folder of this machine. Leave it out.")


def _reporting(job: Callable[..., Result], file: Path) -> Callable[..., Result]:
    from imgsort.jobs.look.report import with_report

    return partial(with_report, job, file, command_line=command_line())


def command_line() -> str:
    """Return the command as a person gave it, for a page that says how it was made."""
    from imgsort.jobs.scale.journals import argument_without_credentials

    return shlex.join(["imgsort", *(argument_without_credentials(argument) for argument in sys.argv[1:])])


def show(result: Any, as_table: Callable[[Any], None], *, as_json: bool, done: str) -> None:
    """Print a result as one JSON object, or in a form for people.

    `done`: one sentence that says which files the command changed or wrote, or "" if it did not. Raises OutputError if
    the result cannot be written.
    """
    from imgsort.cli.output.result import print_json, require_output

    report = click.get_current_context().params.get("report_file")
    if as_json:
        print_json({**result.to_json(), **({} if report is None else {"report_file": str(report)})})
    else:
        as_table(result)
        if report is not None:
            click.echo(f"Report: {written_name(report)}")
    require_output(done or ("" if report is None else written(report)))


def show_filing(result: Any, *, verbose: bool, as_json: bool) -> None:
    """Print what a command filed, and exit with the code that belongs to the result."""
    from imgsort.cli.output.filing import print_filing

    show(result, lambda filed: print_filing(filed, verbose=verbose), as_json=as_json, done=done_by_filing(result))
    exit_for(result.refused)


def done_by_filing(result: Any, csv: Any = None) -> str:
    """Say in one sentence what a command moved, or that it wrote a plan or the table `csv`; "" if neither."""
    from imgsort.cli.output.filing import filed_text

    if result.run is not None or result.plan is not None:
        return filed_text(result)
    return "" if csv is None else written(csv)


def written(*paths: Any) -> str:
    """Say in one sentence which of these files and folders a command wrote; "" if all of them are None."""
    names = [written_name(path) for path in paths if path is not None]
    return f"Written: {' and '.join(names)}." if names else ""


def written_name(path: Any) -> str:
    """Return the path of a file as it may be printed."""
    from imgsort.cli.output.text import printable, shown_path

    return printable(shown_path(path))


def filing_keywords(settings: dict[str, Any]) -> dict[str, Any]:
    """Turn --copy, --hardlink and --symlink into one mode, and --no-sidecars and --no-cache into their opposites.

    Raises a usage error if there are two modes.
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
    """If files were left as they are, exit with the code for this."""
    if refused:
        raise click.exceptions.Exit(_REFUSED_EXIT_CODE)


def exit_if_interrupted(status: str) -> None:
    """If Ctrl-C ended a job early and its result so far was kept, exit with the code for Ctrl-C."""
    if status == "interrupted":
        raise click.exceptions.Exit(_INTERRUPTED_EXIT_CODE)
