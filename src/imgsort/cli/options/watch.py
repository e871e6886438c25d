"""The options of `watch`."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from imgsort.cli.options import types
from imgsort.cli.options.common import add, file_modes, model_options, reading, verbose
from imgsort.cli.options.listing import no_sidecars, rules, sidecar

# The defaults are those of jobs/watch/watch.py and inbox/waking.py. They are not imported here, because that is slow.
# A test compares both.
_watching = (
    click.option(
        "--classifier",
        type=types.GivenPath(path_type=Path, dir_okay=False),
        help="File that `imgsort train` wrote. Needs --output.",
    ),
    click.option(
        "--output",
        type=types.GivenPath(path_type=Path),
        help="With --classifier: folder in which the class folders are. It may be INBOX.",
    ),
    click.option(
        "--into",
        type=types.GivenPath(path_type=Path),
        help="Instead: folder with categories that `imgsort categorize` made. It may be INBOX.",
    ),
    click.option(
        "--settle",
        type=click.FloatRange(min=0.1),
        default=2.0,
        show_default=True,
        metavar="SECONDS",
        help="Take a file when its size and time have not changed for this long.",
    ),
    click.option(
        "--poll",
        type=click.FloatRange(min=0.1),
        is_flag=False,
        flag_value=2.0,
        metavar="[SECONDS]",
        help="Look every so many seconds, 2 if no number follows, and do not ask the system for changes. For shares "
        "that imgsort does not know as such.",
    ),
    click.option("--once", is_flag=True, help="File what is there at rest, and end. For cron."),
    click.option(
        "--max-batch",
        type=click.IntRange(min=1),
        default=500,
        show_default=True,
        help="File at most this many images in one batch, that is, in one run.",
    ),
    click.option(
        "--report",
        type=types.GivenPath(path_type=Path, file_okay=False),
        metavar="FOLDER",
        help="Also write a page for a browser for each batch into this folder. Its name is the id of the run.",
    ),
)


def add_watching(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that say where images go, when they are taken, and how the watch works."""
    return add(_watching, function)


def add_watching_model(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that say how features are made, which images count, and how they are filed."""
    return model_options(add((*reading, *file_modes, *rules, sidecar, no_sidecars, verbose), function))
