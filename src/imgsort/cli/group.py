"""The group of all commands: it turns each error into one clear line, or one JSON object, and an exit code."""

import sys
from typing import Any

import click

from imgsort.cli.output.result import print_failure, require_output
from imgsort.cli.output.text import without_credentials
from imgsort.cli.streams import never_fail_to_encode, take_over
from imgsort.errors import ImgsortError


class ImgsortGroup(click.Group):
    """Lists commands in sections, and turns every expected error into one clear line, or one JSON object."""

    def __init__(self, *args: Any, **extra: Any) -> None:
        super().__init__(*args, **extra)
        self.sections: dict[str, list[str]] = {}

    def add_section(self, title: str, *commands: click.Command) -> None:
        """Add commands that `--help` lists together, in this order, after the sections before."""
        for command in commands:
            self.add_command(command)
            self.sections.setdefault(title, []).append(str(command.name))

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of the commands in the order of their sections."""
        return [name for names in self.sections.values() for name in names]

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write a section for each group of commands, with one short line for each command."""
        for title, names in self.sections.items():
            commands = [self.commands[name] for name in names]
            with formatter.section(title):
                formatter.write_dl([(str(each.name), each.get_short_help_str(limit=80)) for each in commands])

    def main(self, args: Any = None, **extra: Any) -> Any:  # type: ignore[override]
        """Run a command line and exit."""
        if args is None:  # this process is a command line, and not a program that uses one
            take_over()
        arguments = list(sys.argv[1:] if args is None else args)
        shape: dict[str, bool] = {"as_json": "--json" in arguments, "in_one_line": _prints_lines(arguments)}
        never_fail_to_encode()
        try:
            code = super().main(arguments, **{**extra, "standalone_mode": False})
            require_output("")  # commands that changed something have asked already
            sys.exit(code)
        except click.exceptions.Exit as error:
            sys.exit(error.exit_code)
        except click.ClickException as error:
            error.message = without_credentials(error.message)  # type: ignore[misc]  # click repeats what was typed
            if shape["as_json"]:
                print_failure(error, error.exit_code, **shape)
            else:
                error.show()
            sys.exit(error.exit_code)
        except ImgsortError as error:
            print_failure(error, error.exit_code, **shape)
            sys.exit(error.exit_code)
        except OSError as error:
            print_failure(error, 1, **shape)
            sys.exit(1)
        except (KeyboardInterrupt, click.Abort):
            # An interrupt inside of code that is text, as in many imports, makes Python end by the signal itself, not
            # with the exit code; the next such code lets it forget that.
            exec("")
            print_failure(
                KeyboardInterrupt("interrupted. Nothing is lost; `imgsort history` shows whether a run had started."),
                130,
                **shape,
            )
            sys.exit(130)


def _prints_lines(arguments: list[str]) -> bool:
    """Say whether these are the arguments of the command that prints several JSON objects, each in a line."""
    return next((argument for argument in arguments if not argument.startswith("-")), "") == "watch"
