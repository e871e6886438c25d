"""Defines each option that several commands share, in one place. Each option is a decorator."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from imgsort.cli.options import types
from imgsort.cli.options.engine import engine
from imgsort.cli.options.listing import no_sidecars, recursive, rules, searched, sidecar

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]
# The reasons in jobs/organize/steps/findings.py. That module is not imported here, because importing it is slow.
# A test compares both lists.
REASONS = (
    "unreadable",
    "truncated",
    "too-small",
    "blank",
    "odd-aspect",
    "too-dark",
    "too-bright",
    "blurred",
    "duplicate",
    "near-duplicate",
    "wrong-suffix",
)
folder = click.argument("folder", type=types.GivenPath(path_type=Path))
as_json = click.option("--json", "as_json", is_flag=True, help="Print one JSON object to stdout and nothing else.")
dry_run = click.option("-n", "--dry-run", is_flag=True, help="Show what would be done, and touch nothing.")
verbose = click.option("-v", "--verbose", is_flag=True, help="Show every move.")
seed = click.option(
    "--seed",
    type=click.IntRange(0, 2**32 - 1),
    default=0,
    show_default=True,
    help="Seed of K-Means, and of the sample of many images.",
)
quiet = click.option("-q", "--quiet", is_flag=True, help="No progress and no notices.")
device = click.option(
    "--device",
    type=click.Choice(["auto", "cpu", "gpu"]),
    default="auto",
    show_default=True,
    help="Where the model runs. auto takes a CUDA GPU if there is one.",
)
no_cache = click.option("--no-cache", is_flag=True, help="Do not use the feature cache, and do not fill it.")
verify = click.option("--verify", is_flag=True, help="Read every file, even if its size and time are unchanged.")
offline = click.option(
    "--offline",
    is_flag=True,
    help="Ask no host for weights that are not here. IMGSORT_OFFLINE=1 does the same.",
)
size = click.option(
    "--size",
    type=click.IntRange(32, 2048),
    help="Side of the square image that the model sees, in pixels.  [default: the model's own]",
)
running = (device, no_cache, verify, *engine)
reading = (
    click.option(
        "--max-pixels",
        type=click.IntRange(1, 10**9),
        default=300_000_000,
        show_default=True,
        help="Do not decode images with more pixels; they are unreadable.",
    ),
    click.option(
        "--truncated",
        type=click.Choice(["skip", "use"]),
        default="skip",
        show_default=True,
        help="Files that end too early: skip and name them, or use the part of the picture that is there.",
    ),
)
_model = (
    click.option(
        "--model",
        type=types.ModelNames(),
        help="Model that looks at the images. If you name one, no other model replaces it.  [default: see models list]",
    ),
    click.option(
        "--weights",
        type=types.GivenPath(path_type=Path, dir_okay=False),
        help="Your own file of weights for the model: .h5 as Keras publishes it, or .weights.h5.",
    ),
    click.option(
        "--pooling",
        type=click.Choice(["avg", "max", "none"]),
        default="avg",
        show_default=True,
        help="How the last layer becomes features: mean or maximum of each channel, or all its numbers.",
    ),
    size,
    click.option(
        "--fit",
        type=click.Choice(["letterbox", "stretch"]),
        help="How images come into the model's square: whole with black borders, or stretched.  [default: letterbox; "
        "with --quality high, --method knn and find the model's best]",
    ),
    click.option(
        "--batch-size",
        type=click.IntRange(min=1),
        help="How many images go through the model at a time.  [default: what is quickest]",
    ),
    device,
    click.option(
        "--precision",
        type=click.Choice(["auto", "float32", "bfloat16", "int8"]),
        default="auto",
        show_default=True,
        help="Number format of the model. auto is the fastest that is known to keep the quality.",
    ),
    no_cache,
    verify,
    offline,
    *engine,
)
file_modes = (
    click.option("--copy", is_flag=True, help="Copy instead of moving. Needs --output."),
    click.option("--hardlink", is_flag=True, help="Make hard links instead of moving. Needs --output."),
    click.option("--symlink", is_flag=True, help="Make symbolic links instead of moving. Needs --output."),
)
_places = (
    click.option(
        "--output",
        type=types.Place(),
        metavar="PATH",
        help="Folder in which the new folders are made. By default the collection itself.",
    ),
    *file_modes,
)
_planning = (
    dry_run,
    click.option(
        "--plan",
        type=types.GivenPath(path_type=Path, dir_okay=False),
        help="Write the plan to this new file, CSV or .parquet, and move nothing. `imgsort apply` carries it out.",
    ),
)
_listing = (
    *rules,
    sidecar,
    no_sidecars,
    click.option("--strict", is_flag=True, help="If an image cannot be read, move nothing and exit with code 3."),
)
_filing = (*_places, *_planning, recursive, *_listing, verbose)
_searching = (*_places, *_planning, searched, *_listing, verbose)


features = click.option(
    "--features",
    type=types.Place(),
    metavar="FOLDER",
    help="Take the features from this dataset, which `imgsort embed` made, and do not look at the images.",
)
report = click.option(
    "--report",
    "report_file",
    type=types.GivenPath(path_type=Path, dir_okay=False),
    metavar="FILE.html",
    help="Also write a page for a browser to this new file: the pictures of each group, a map, how it was made.",
)


def model_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that say which model looks at the images, and how."""
    return add(_model, function)


def filing_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options of every command that reads and files images."""
    return add((*reading, *_filing), function)


def class_filing_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options of a command that files the images of classes, in whatever deeper folder of a class they lie."""
    return add((*reading, *_places, *_planning, *_listing, verbose), function)


def searching_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options of a command that searches all subfolders unless told otherwise, and may file what it finds."""
    return add((*reading, *_searching), function)


def reviewing_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options of a command that reads images, and files them only when a person says so on a page."""
    return add((*reading, *_places, recursive, *_listing), function)


def add_reading(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that say which files are read."""
    return add(reading, function)


def add_rules(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that say which images of a folder count."""
    return add(rules, function)


def add_running(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that say where a model runs, and how the cache is used."""
    return add(running, function)


def add(decorators: tuple[Decorator, ...], function: Callable[..., Any]) -> Callable[..., Any]:
    """Add several options, in this order."""
    for decorator in reversed(decorators):
        function = decorator(function)
    return function
