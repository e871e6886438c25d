"""Every option that two commands share, once: each is a decorator."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from imgsort.cli.options import types

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]
# What jobs/organize/steps/findings.py can find, which is not imported here: it would be slow. A test compares.
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
no_sidecars = click.option(
    "--no-sidecars", is_flag=True, help="Leave .xmp, .json, RAW and other files of an image behind."
)
dry_run = click.option("-n", "--dry-run", is_flag=True, help="Show what would be done and touch nothing.")
verbose = click.option("-v", "--verbose", is_flag=True, help="Show every move.")
seed = click.option("--seed", type=click.IntRange(0, 2**32 - 1), default=0, show_default=True, help="Seed of K-Means.")
quiet = click.option("-q", "--quiet", is_flag=True, help="No progress and no notices.")
device = click.option(
    "--device",
    type=click.Choice(["auto", "cpu", "gpu"]),
    default="auto",
    show_default=True,
    help="Where the model runs; auto takes a CUDA GPU if there is one.",
)
no_cache = click.option("--no-cache", is_flag=True, help="Neither use features that are kept nor keep any.")
verify = click.option("--verify", is_flag=True, help="Read every file, even one whose size and time are as they were.")
size = click.option("--size", type=click.IntRange(32, 2048), help="Side of the square that the model sees, in pixels.")
running = (device, no_cache, verify)
reading = (
    click.option(
        "--max-pixels",
        type=click.IntRange(1, 10**9),
        default=300_000_000,
        show_default=True,
        help="Images that claim more pixels are unreadable, and not decoded.",
    ),
    click.option(
        "--truncated",
        type=click.Choice(["skip", "use"]),
        default="skip",
        show_default=True,
        help="Files that are cut short: name them and leave them, or use what can be saved of the picture.",
    ),
)
_model = (
    click.option(
        "--model",
        type=types.ModelNames(),
        help="Model that looks at the images. Pinned by this: if it cannot be had, that is an error.",
    ),
    click.option(
        "--weights",
        type=types.GivenPath(path_type=Path, dir_okay=False),
        help="File of weights for the model, brought by hand: .h5 as Keras publishes it, or .weights.h5.",
    ),
    click.option(
        "--pooling",
        type=click.Choice(["avg", "max", "none"]),
        default="avg",
        show_default=True,
        help="How the model's map becomes features: a mean or maximum per channel, or the whole map.",
    ),
    size,
    click.option("--batch-size", type=click.IntRange(min=1), help="Images that go through the model at a time."),
    device,
    click.option(
        "--precision",
        type=click.Choice(["auto", "float32", "bfloat16", "int8"]),
        default="auto",
        show_default=True,
        help="What the model computes in; auto is the fastest that is known not to cost quality.",
    ),
    no_cache,
    verify,
)
# Defaults are those of images/judging/quality.py, which is not imported here either; a test compares them too.
_limits = (
    click.option(
        "--min-side",
        "min_side_px",
        type=click.IntRange(min=0),
        default=64,
        show_default=True,
        help="too-small: the shorter side has fewer pixels.",
    ),
    click.option(
        "--min-contrast",
        type=float,
        default=8.0,
        show_default=True,
        help="blank: the colours, 0-255, vary by less.",
    ),
    click.option(
        "--max-aspect",
        type=float,
        default=4.0,
        show_default=True,
        help="odd-aspect: the longer side is more times the shorter.",
    ),
    click.option(
        "--min-highlights",
        type=float,
        default=140.0,
        show_default=True,
        help="too-dark: the brightest pixels, 0-255, stay below.",
    ),
    click.option(
        "--max-overexposure",
        type=float,
        default=0.26,
        show_default=True,
        help="too-bright: a larger share of the picture, but for a white backdrop, is burnt out.",
    ),
    click.option(
        "--min-sharpness",
        type=float,
        default=0.23,
        show_default=True,
        help="blurred: the steepest edges cross a smaller share of their contrast in one pixel.",
    ),
    click.option(
        "--max-distance",
        type=click.IntRange(0, 64),
        default=8,
        show_default=True,
        help="near-duplicate: perceptual hashes differ in at most so many of 64 bits.",
    ),
)
_filing = (
    click.option(
        "--output",
        type=types.GivenPath(path_type=Path),
        help="Folder in which the new folders appear; by default the collection itself.",
    ),
    click.option("--copy", is_flag=True, help="Copy instead of moving. Needs --output."),
    click.option("--hardlink", is_flag=True, help="Make hard links instead of moving. Needs --output."),
    click.option("--symlink", is_flag=True, help="Make symbolic links instead of moving. Needs --output."),
    dry_run,
    click.option(
        "--plan",
        type=types.GivenPath(path_type=Path, dir_okay=False),
        help="Write the plan to this new CSV file instead of applying it; `imgsort apply` does that.",
    ),
    click.option("-r", "--recursive", is_flag=True, help="Take the images in all subfolders too."),
    no_sidecars,
    click.option("--strict", is_flag=True, help="Exit 3, with nothing moved, if an image cannot be read."),
    verbose,
)


def model_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that say which model looks at the images, and how."""
    return add(_model, function)


def limits(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add the limits of the measures that tell a fault."""
    return add(_limits, function)


def filing_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options of every command that reads and files images."""
    return add((*reading, *_filing), function)


def add_reading(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that say which files are read."""
    return add(reading, function)


def add_running(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that say where a model runs, and what is remembered."""
    return add(running, function)


def add(decorators: tuple[Decorator, ...], function: Callable[..., Any]) -> Callable[..., Any]:
    """Add several options, in this order."""
    for decorator in reversed(decorators):
        function = decorator(function)
    return function
