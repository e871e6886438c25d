"""`watch`."""

from pathlib import Path
from typing import Any

import click

from imgsort.cli.options import common as options
from imgsort.cli.options import judging, types
from imgsort.cli.options.watch import add_watching, add_watching_model
from imgsort.cli.running import command_line, filing_keywords, run


@click.command(short_help="File new images of a folder as they arrive.")
@click.argument("inbox", type=types.GivenPath(path_type=Path))
@add_watching
@judging.confidence
@add_watching_model
@options.quiet
@click.option("--json", "as_json", is_flag=True, help="Print the result of each batch as one line of JSON.")
@click.pass_context
def watch(ctx: click.Context, /, *, verbose: bool, quiet: bool, as_json: bool, **settings: Any) -> None:
    """File new images of INBOX as they arrive: by class (--classifier and --output), or into the categories of --into.

    Only images directly in INBOX are taken, each when its size and its time have rested for --settle seconds and it
    is whole. Each batch is a run of its own that `imgsort undo` takes back. An image that an undo brought back, or that
    was refused or cannot be read, is not taken again until its content or its name changes.

    One line for each batch goes to stdout. SIGTERM or Ctrl-C ends the command after the current batch, a second one at
    once. While the disk is full, another command works here or a folder is gone, imgsort waits and tries again.
    """
    from imgsort.cli.ending import ended_by_signals
    from imgsort.cli.output import watch as output
    from imgsort.cli.output.result import require_output
    from imgsort.jobs.watch.inbox.bell import Bell
    from imgsort.jobs.watch.watch import watch as job

    bell = Bell()

    def work(**keywords: Any) -> None:
        runs = 0
        for result in job(bell=bell, command_line=command_line(), **keywords):
            if as_json:
                output.print_batch_as_json(result)
            else:
                output.print_batch(result, verbose=verbose)
            runs += result.run is not None
            if not quiet:
                output.tell_what_stays(result)
        # Only now: a log that cannot be written to is no reason to leave images lying.
        require_output(output.done_by_runs(runs, keywords["inbox"]))

    given = {name: value for name, value in filing_keywords(settings).items() if _is_given(ctx, name)}
    with ended_by_signals(bell.end):
        run(work, quiet, **given)


_JOB_NAMES = {"mode": ("copy", "hardlink", "symlink"), "sidecars": ("no_sidecars",), "cache": ("no_cache",)}


def _is_given(ctx: click.Context, name: str) -> bool:
    """Say whether the command line names an option that the job calls `name`."""
    spelled = _JOB_NAMES.get(name, (name,))
    sources = (click.core.ParameterSource.DEFAULT, click.core.ParameterSource.DEFAULT_MAP, None)
    return any(ctx.get_parameter_source(each) not in sources for each in spelled)
