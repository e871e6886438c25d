"""Shows a person notices and progress on stderr while a job works."""

import contextlib
import os
import sys
from collections.abc import Iterator
from typing import Any

import click

from imgsort.cli.output.text import printable
from imgsort.cli.streams import copy_of_stderr
from imgsort.jobs.listener import Listener


class TerminalListener(Listener):
    """Prints notices. On a terminal it also shows progress with tqdm."""

    def __init__(self, *, quiet: bool) -> None:
        self.quiet = quiet
        self._bar: Any = None
        self._task = ""
        self._training: tuple[str, Any] | None = None

    def notice(self, text: str) -> None:
        """Print a notice to stderr."""
        if not self.quiet:
            click.echo(f"imgsort: {printable(text)}", err=True)

    def progress(self, task: str, done: int, total: int) -> None:
        """Move the bar of `task` on. The bar disappears when the task is finished."""
        if self.quiet or not sys.stderr.isatty():
            return
        if task != self._task:
            from tqdm import tqdm

            self._task = task
            self._bar = tqdm(total=total, desc=task, unit="image", leave=False)
        self._bar.update(done - self._bar.n)
        if done == total:
            self._bar.close()
            self._task = ""

    def trained(self, row: Any, total: int) -> None:
        """Move the bar of the training on by a step, and show loss and accuracy beside it."""
        if self.quiet or not sys.stderr.isatty():
            return
        if self._training is None or self._training[0] != row.stage:
            from tqdm import tqdm

            self.close_training()
            self._training = row.stage, tqdm(total=total, desc=f"training the {row.stage}", unit="step", leave=False)
        bar = self._training[1]
        bar.set_postfix_str(
            f"loss {row.loss:.3f}, accuracy {row.accuracy:.3f}; "
            f"validation {row.validation_loss:.3f}, {row.validation_accuracy:.3f}"
        )
        bar.update(row.step - bar.n)

    def close_training(self) -> None:
        """Remove the bar of the training.

        The number of steps is not known beforehand, so the bar cannot disappear by itself.
        """
        if self._training is not None:
            self._training[1].close()
            self._training = None

    def download_bar(self, name: str) -> Any:
        """Return a bar that counts bytes, if stderr is a terminal."""
        if self.quiet or not sys.stderr.isatty():
            return None
        from tqdm import tqdm

        return tqdm(desc=f"fetching {name}", unit="B", unit_scale=True, leave=False)


@contextlib.contextmanager
def without_chatter() -> Iterator[None]:
    """Hide the messages of image decoders from the terminal.

    Decoders write to descriptor 2 past Python, from any thread. imgsort's own messages go on through a copy of the
    descriptor. If stderr is not that descriptor, as in a notebook, nothing is changed.
    """
    python_stderr = sys.stderr
    try:
        is_descriptor = python_stderr.fileno() == 2
    except (AttributeError, OSError, ValueError):
        is_descriptor = False
    if not is_descriptor:
        yield
        return
    python_stderr.flush()
    nowhere = os.open(os.devnull, os.O_WRONLY)
    with copy_of_stderr(python_stderr) as copy:
        os.dup2(nowhere, 2)
        os.close(nowhere)
        sys.stderr = copy
        try:
            yield
        finally:
            copy.flush()
            os.dup2(copy.fileno(), 2)
            sys.stderr = python_stderr
