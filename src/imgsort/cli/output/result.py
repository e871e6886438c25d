"""Prints a result as JSON, and a failure as one line or one JSON object."""

import json
import os
from typing import Any

import click

from imgsort.cli.output.filing import print_refused
from imgsort.cli.output.text import printable, without_credentials
from imgsort.cli.streams import lost_output
from imgsort.errors import OutputError

_CHANGED_EXIT_CODE = 4


def print_json(value: dict[str, Any], *, in_one_line: bool = False) -> None:
    """Print one JSON object, in ASCII."""
    click.echo(json.dumps(value, indent=None if in_one_line else 2))


def require_output(done: str) -> None:
    """Raise OutputError if a part of what was printed is lost.

    `done`: one sentence that says which files the command changed or wrote, or "" if it did not.
    """
    failure = lost_output()
    if failure is None:
        return
    raise OutputError(
        f"stdout: the result cannot be written there ({failure.strerror}). {done or 'Nothing was changed.'}",
        exit_code=_CHANGED_EXIT_CODE if done else 1,
    )


def print_failure(error: BaseException, exit_code: int, *, as_json: bool, in_one_line: bool = False) -> None:
    """Say what failed, in one line on stderr or in one JSON object.

    The JSON object holds the result so far and the error. `in_one_line`: it is one of several, each in a line.
    """
    message = error.format_message() if isinstance(error, click.ClickException) else _message(error)
    message = without_credentials(message)
    result = getattr(error, "result", None)
    if as_json:
        failure: dict[str, Any] = {"type": type(error).__name__, "message": printable(message), "exit_code": exit_code}
        rows = [{"line": line, "reason": reason} for line, reason in getattr(error, "errors", ())]
        if rows:
            failure = {**failure, "message": printable(message.partition("\n")[0]), "lines": rows}
        whole = {**(result.to_json() if result is not None else {}), "error": failure}
        print_json(whole, in_one_line=in_one_line)
    if not as_json or lost_output() is not None:
        if result is not None:
            print_refused(result.refused)
        lines = [printable(line) for line in message.split("\n")]
        click.echo("imgsort: " + "\n".join(lines), err=True)


def _message(error: BaseException) -> str:
    """Return the message of an error. Of an error of the system, the path comes first."""
    if isinstance(error, OSError) and error.filename is not None and error.strerror:
        return f"{os.fsdecode(error.filename)}: {error.strerror}."
    return str(error)
