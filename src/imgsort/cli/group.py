"""The group of all commands: what a command raises becomes one clear line, or one JSON object, and an exit code."""

import sys
from typing import Any

import click

from imgsort.cli.output.result import print_failure
from imgsort.errors import ImgsortError


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
