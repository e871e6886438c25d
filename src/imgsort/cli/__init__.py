"""The command line. The only place that knows Click, tqdm and the terminal.

A command's body converts its arguments, calls one function of `imgsort.jobs`, and prints. Nothing heavy is
imported before a command runs.
"""

import click

from imgsort.cli.commands import cache, classify, learn, models, organize, runs
from imgsort.cli.group import ImgsortGroup
from imgsort.version import __version__


@click.group(cls=ImgsortGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="imgsort")
def main() -> None:
    """Put a folder of images in order.

    imgsort looks at the pictures, not at names or dates. It never overwrites a file, and `imgsort undo`
    takes every run back.
    """


main.add_command(organize.categorize)
main.add_command(organize.outliers)
main.add_command(organize.check)
main.add_command(runs.apply)
main.add_command(learn.train)
main.add_command(learn.evaluate)
main.add_command(learn.compare)
main.add_command(classify.classify)
main.add_command(classify.explain)
main.add_command(classify.export)
main.add_command(runs.undo)
main.add_command(runs.history)
main.add_command(models.models)
main.add_command(cache.cache)
