"""Tests the frame of the command line: exit codes, one line for an error, JSON, and a quick --help."""

import json
import os
import subprocess
import sys

import click
import pytest
from click.testing import CliRunner

from imgsort.cli import main
from imgsort.cli.output.text import printable


def run(*arguments):
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def all_commands(group=main, prefix=()):
    for name, command in group.commands.items():
        yield (*prefix, name)
        if isinstance(command, click.Group):
            yield from all_commands(command, (*prefix, name))


@pytest.mark.parametrize("command", list(all_commands()), ids=" ".join)
def test_every_command_has_help(command):
    """Every command answers --help, and describes itself and each of its options."""
    result = run(*command, "--help")
    assert result.exit_code == 0
    assert "Usage:" in result.stdout
    found = main
    for name in command:
        found = found.commands[name]
    assert found.help
    assert all(option.help for option in found.params if isinstance(option, click.Option))


def test_help_is_quick():
    """`imgsort --help` takes less than 0.3 s of processor time, in the best of five runs.

    The best run counts, because other tests run at the same time. Coverage is off, because it takes time too.
    """
    environment = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}
    seconds = []
    for _ in range(5):
        before = os.times()
        command = [sys.executable, "-m", "imgsort", "--help"]
        subprocess.run(command, env=environment, capture_output=True, check=True)
        after = os.times()
        seconds.append(after.children_user + after.children_system - before.children_user - before.children_system)
    assert min(seconds) < 0.3


def test_the_version():
    """--version prints the version."""
    assert run("--version").stdout.startswith("imgsort, version ")


def test_an_error_is_one_line_on_stderr(tmp_path):
    """An expected error has exit code 1, one line with path and remedy, and an empty stdout."""
    result = run("categorize", tmp_path / "nowhere")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith("imgsort: ")
    assert "nowhere" in result.stderr
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "code", "kind"),
    [
        (["categorize", "NOWHERE"], 1, "CollectionError"),
        (["categorize", "HERE", "--copy"], 2, "UsageError"),
        (["categorize", "HERE", "--clusters", "none"], 2, "BadParameter"),
        (["undo", "HERE"], 1, "NothingToUndoError"),
        (["models", "pull", "vgg16"], 1, "DownloadError"),
    ],
)
def test_a_failure_as_json(tmp_path, arguments, code, kind):
    """With --json a failure is one object with its type, its message and its exit code."""
    (tmp_path / "a.jpg").write_bytes(b"x")
    places = {"NOWHERE": tmp_path / "nowhere", "HERE": tmp_path}
    result = run(*(places.get(argument, argument) for argument in arguments), "--json")
    assert result.exit_code == code
    error = json.loads(result.stdout)["error"]
    assert (error["type"], error["exit_code"]) == (kind, code)
    assert error["message"]


def test_a_usage_error_exits_2():
    """An unknown option or command gives Click's own message and exit code 2."""
    assert run("categorize", "--nonsense").exit_code == 2
    assert run("nonsense").exit_code == 2


def test_an_error_of_the_system_is_a_sentence(tmp_path, monkeypatch):
    """If the disk is full before the first move, the exit code is 1. There is one line and no traceback."""
    from imgsort.jobs.session import locking

    def full(*args, **kwargs):
        raise OSError(28, "No space left on device", str(tmp_path))

    monkeypatch.setattr(locking, "locked", full)
    (tmp_path / "a.jpg").write_bytes(b"x")
    result = run("categorize", tmp_path)
    assert result.exit_code == 1
    assert "No space left" in result.stderr


def test_ctrl_c_exits_130(tmp_path, monkeypatch):
    """Ctrl-C before the first move gives exit code 130."""
    from imgsort.jobs.session import locking

    def interrupt(*args, **kwargs):
        raise KeyboardInterrupt

    monkeypatch.setattr(locking, "locked", interrupt)
    (tmp_path / "a.jpg").write_bytes(b"x")
    assert run("categorize", tmp_path).exit_code == 130


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain ü 😀", "plain ü 😀"),
        ("a\nb", "a\\nb"),
        ("\x1b[31m", "\\x1b[31m"),
        ("bad\udcff", "bad\\udcff"),
        ("\u202egpj", "\\u202egpj"),
    ],
)
def test_names_cannot_write_to_the_terminal(text, shown):
    """Control characters, direction marks and bytes that are not UTF-8 are escaped."""
    assert printable(text) == shown


def test_python_m_imgsort():
    """The package runs as a module, with the same exit codes."""
    result = subprocess.run(
        [sys.executable, "-m", "imgsort", "undo", "/nowhere"], capture_output=True, text=True, check=False
    )
    assert result.returncode == 1
    assert "no such folder" in result.stderr
