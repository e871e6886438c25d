"""Prints a result as JSON, and a failure as one line or one JSON object."""

import json
from typing import Any

import click

from imgsort.cli.output.filing import print_refused
from imgsort.cli.output.text import printable


def print_json(value: dict[str, Any]) -> None:
    """Print one JSON object, in ASCII."""
    click.echo(json.dumps(value, indent=2))


def print_failure(error: BaseException, exit_code: int, *, as_json: bool) -> None:
    """Say what failed, in one line on stderr or in one JSON object.

    The JSON object holds the result so far and the error.
    """
    message = error.format_message() if isinstance(error, click.ClickException) else str(error)
    result = getattr(error, "result", None)
    if as_json:
        failure: dict[str, Any] = {"type": type(error).__name__, "message": printable(message), "exit_code": exit_code}
        rows = [{"line": line, "reason": reason} for line, reason in getattr(error, "errors", ())]
        if rows:
            failure = {**failure, "message": printable(message.partition("\n")[0]), "lines": rows}
        print_json({**(result.to_json() if result is not None else {}), "error": failure})
    else:
        if result is not None:
            print_refused(result.refused)
        lines = [printable(line) for line in message.split("\n")]
        click.echo("imgsort: " + "\n".join(lines), err=True)
