"""The command line: the only place that knows Click, tqdm and the terminal.

A command converts its arguments, calls one function of `imgsort.jobs`, and prints the result. Nothing heavy is imported
before a command runs.
"""

import atexit
import gc

import click

from imgsort.cli.commands import audit, classify, embed, learn, look, organize, review, runs, upkeep, watch
from imgsort.cli.group import ImgsortGroup
from imgsort.version import __version__

# The modules that a command imports are made of some hundred thousand objects, of which none is ever garbage. Looking
# for garbage among them as often as Python does takes a tenth of the time of imports.
_OBJECTS_BETWEEN_COLLECTIONS = 50_000


@click.group(
    cls=ImgsortGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog=(
        'Shell completion: add `eval "$(_IMGSORT_COMPLETE=bash_source imgsort)"` to ~/.bashrc; in Zsh and Fish it is '
        "zsh_source and fish_source."
    ),
)
@click.version_option(__version__, prog_name="imgsort")
def main() -> None:
    """Put a folder of images in order.

    imgsort looks at the pictures, not at names or dates. It never overwrites a file, and `imgsort undo`
    takes every run back.
    """
    gc.set_threshold(_OBJECTS_BETWEEN_COLLECTIONS)
    atexit.register(gc.freeze)  # so that Python does not look through all of them once more before it ends


main.add_section("Organize", organize.categorize, organize.outliers, organize.check, runs.apply, watch.watch)
main.add_section("Look", look.find, look.report, review.review)
main.add_section("Take back", runs.undo, runs.history)
main.add_section(
    "Learn",
    learn.train,
    learn.evaluate,
    learn.compare,
    audit.audit,
    classify.classify,
    classify.explain,
    classify.export,
)
main.add_section("Scale", embed.embed)
main.add_section("Upkeep", upkeep.models, upkeep.cache)
