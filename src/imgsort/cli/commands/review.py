"""`review`."""

from pathlib import Path
from typing import Any

import click

from imgsort.cli.options import common as options
from imgsort.cli.options import judging, types
from imgsort.cli.options.finding import wanted_options
from imgsort.cli.options.grouping import add_grouping
from imgsort.cli.running import command_line, filing_keywords, run


@click.command(short_help="Look at a plan in the browser, correct it, and apply it.")
@click.argument("folder", required=False, type=types.GivenPath(path_type=Path))
@click.option(
    "--command",
    type=click.Choice(["categorize", "outliers", "check", "classify", "find", "audit", "watch"]),
    default="categorize",
    show_default=True,
    help="Command that makes the plan.",
)
@click.option(
    "--plan",
    type=types.GivenPath(path_type=Path, dir_okay=False),
    help="Review the plan in this CSV file, which --plan of another command wrote.",
)
@click.option(
    "--classifier",
    type=types.GivenPath(path_type=Path, dir_okay=False),
    help="With --command classify or watch: file that `imgsort train` wrote. Otherwise: new file for a classifier "
    "that is trained on the page.  [default: in .imgsort of FOLDER]",
)
@click.option(
    "--into",
    type=types.GivenPath(path_type=Path, file_okay=False),
    help="With --command watch: folder whose categories the images go into. FOLDER is the inbox.",
)
@click.option(
    "--query",
    multiple=True,
    type=types.GivenPath(path_type=Path),
    help="With --command find: image or folder of images to look for. May be given several times.",
)
@click.option("--no-browser", is_flag=True, help="Open no browser, and print the address of the page.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=0,
    help="Port of the page on this machine.  [default: any that is free]",
)
@add_grouping
@judging.outlier_options_beside_grouping
@judging.fault_options
@judging.confidence
@wanted_options
@options.seed
@options.model_options
@options.reviewing_options
@options.quiet
@click.pass_context
def review(
    ctx: click.Context,
    /,
    folder: Path | None,
    *,
    command: Any,
    plan: Path | None,
    classifier: Path | None,
    into: Path | None,
    port: int,
    quiet: bool,
    **settings: Any,
) -> None:
    """Open a page in the browser that shows what a command would do with the images of FOLDER.

    There you move images to other groups, rename, merge and split groups, and change their number. Nothing moves
    before you press Apply, and you can take that back on the page or with `imgsort undo`. Corrections are kept in
    .imgsort as you make them. Ctrl-C ends the command; the next review offers the corrections again.

    The page can be reached from this machine only, and only at the address that imgsort opens or prints.

    The options are those of the command that makes the plan. With --command outliers, --neighbors goes with knn, and is
    10 by default. With --command audit, --max and --threshold are those of `imgsort audit`.
    """
    from imgsort.review.review import ReviewRequest
    from imgsort.review.review import review as serve

    given = {name for name in settings if _is_given(ctx, name)}
    given |= {"into"} if into is not None else set()
    fitting = _fitting(command, plan, classifier)
    if plan is None:
        _require_together(command, given | ({"classifier"} if classifier is not None else set()))
    _require_fitting(ctx, "--plan" if plan is not None else f"--command {command}", given, fitting)
    no_browser = settings.pop("no_browser")
    kept = {n: value for n, value in filing_keywords(settings).items() if n in fitting and value is not None}
    if into is not None:
        kept["output"] = into
    if command == "audit" and (most := kept.pop("max_outliers", None)) is not None and "max_outliers" in given:
        kept["max_marked"] = most
    if command == "find" and plan is None:
        kept["recursive"] = True  # as the command itself does
    request = ReviewRequest(
        folder, command, kept, plan, classifier, port, opens_browser=not no_browser, command_line=command_line()
    )
    run(serve, quiet, request=request, tell=click.echo)


_SIDECARS = frozenset({"sidecars", "sidecar_patterns"})
_FILING = _SIDECARS | {
    *"max_pixels truncated output mode recursive exclude include follow_links strict".split(),
}
_WATCHED = _FILING - {"recursive", "strict"}
_RUNNING = frozenset({"device", "cache", "verify", "engine", "ray_address"})
_MODEL = _RUNNING | {*"model weights pooling size fit batch_size precision offline".split()}
_GROUPING = frozenset("clusters min_clusters max_clusters algorithm neighbors quality names update variance".split())
_OUTLIERS = frozenset({"max_outliers", "method", "neighbors", "threshold"})
_FAULTS = frozenset(
    "reasons min_side_px min_contrast max_aspect min_highlights max_overexposure min_sharpness max_distance".split()
)
# The options that each command takes, as its job calls them.
_FITTING: dict[str, frozenset[str]] = {
    "categorize": _FILING | _MODEL | _GROUPING | {"seed"},
    "outliers": _FILING | _MODEL | _OUTLIERS | {"seed"},
    "check": _FILING | _FAULTS,
    "classify": _FILING | _RUNNING | {"confidence"},
    "watch by class": _WATCHED | _RUNNING | {"confidence"},
    "watch": (_WATCHED - {"output"}) | _MODEL | {"into"},
    "audit": (_FILING - {"recursive"}) | _MODEL | {"max_outliers", "threshold", "seed"},
    "find": _FILING | _MODEL | {"query", "top", "distance", "same_scene"},
    "plan": _SIDECARS,
}
_JOB_NAMES = {"copy": "mode", "hardlink": "mode", "symlink": "mode", "no_sidecars": "sidecars", "no_cache": "cache"}


def _is_given(ctx: click.Context, name: str) -> bool:
    source = ctx.get_parameter_source(name)
    return source not in (click.core.ParameterSource.DEFAULT, click.core.ParameterSource.DEFAULT_MAP)


def _fitting(command: str, plan: Path | None, classifier: Path | None) -> frozenset[str]:
    """Return the options that go with what was asked for. Raises a usage error for a plan and a command."""
    if plan is not None and command != "categorize":
        raise click.UsageError("--plan and --command do not go together: the plan is there already.")
    by_class = " by class" if command == "watch" and classifier is not None else ""
    return _FITTING["plan" if plan is not None else command + by_class]


def _require_fitting(ctx: click.Context, of: str, given: set[str], fitting: frozenset[str]) -> None:
    """Raise a usage error for options that the command does not have."""
    spelled = {parameter.name: max(parameter.opts, key=len) for parameter in ctx.command.params}
    for name in sorted(given - {"no_browser"}):
        if _JOB_NAMES.get(name, name) not in fitting:
            raise click.UsageError(f"{spelled[name]} does not go with {of}.")


def _require_together(command: str, there: set[str]) -> None:
    """Raise a usage error if an option is missing that the command needs. `there`: those that have a value."""
    if command == "classify" and "classifier" not in there:
        raise click.UsageError("--command classify needs --classifier: the file that `imgsort train` wrote.")
    if command == "find" and "query" not in there:
        raise click.UsageError("--command find needs --query: the image or the folder of images to look for.")
    if command == "watch" and ("output" if "classifier" in there else "into") not in there:
        raise click.UsageError("--command watch needs --classifier and --output, or else --into.")
