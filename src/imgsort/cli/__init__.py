"""The command line. The only place that knows Click, tqdm and the terminal.

A command's body converts its arguments, calls one function of `imgsort.jobs`, and prints. Nothing heavy is
imported before a command runs.
"""

import sys
from typing import Any

import click

from imgsort.cli import cache, learn, models, organize
from imgsort.cli.output import print_failure
from imgsort.errors import ImgsortError
from imgsort.version import __version__


class ImgsortGroup(click.Group):
    """Turns every expected error into one clear line, or one JSON object, and its exit code."""

    def main(self, args: Any = None, **extra: Any) -> Any:  # type: ignore[override]
        """Run a command line and exit."""
        arguments = list(sys.argv[1:] if args is None else args)
        as_json = "--json" in arguments
        for stream in (sys.stdout, sys.stderr):
            if hasattr(stream, "reconfigure"):
                stream.reconfigure(errors="backslashreplace")  # a name that the terminal cannot show
        try:
            sys.exit(super().main(arguments, **{**extra, "standalone_mode": False}) or 0)
        except click.exceptions.Exit as error:
            sys.exit(error.exit_code)
        except click.ClickException as error:
            if as_json:
                print_failure(error, error.exit_code, as_json=True)
            else:
                error.show()
            sys.exit(error.exit_code)
        except ImgsortError as error:
            print_failure(error, error.exit_code, as_json=as_json)
            sys.exit(error.exit_code)
        except OSError as error:
            print_failure(error, 1, as_json=as_json)
            sys.exit(1)
        except (KeyboardInterrupt, click.Abort):
            print_failure(
                KeyboardInterrupt("interrupted. Nothing is lost; `imgsort history` shows whether a run had begun."),
                130,
                as_json=as_json,
            )
            sys.exit(130)


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
main.add_command(organize.apply)
main.add_command(learn.train)
main.add_command(learn.evaluate)
main.add_command(learn.compare)
main.add_command(learn.classify)
main.add_command(learn.explain)
main.add_command(learn.export)
main.add_command(organize.undo)
main.add_command(organize.history)
main.add_command(models.models)
main.add_command(cache.cache)
