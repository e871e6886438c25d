"""Tests `imgsort watch` as a command line: its lines, its options, its exit codes."""

import json
import os
import re
import signal
import subprocess
import sys

import pytest
from click.testing import CliRunner

from imgsort.cli import main
from imgsort.cli.ending import ended_by_signals
from imgsort.jobs.watch import watch as job
from imgsort.jobs.watch.inbox import waking
from tests.support.classifiers import put


def run(*arguments):
    return CliRunner().invoke(main, ["watch", *map(str, arguments)])


@pytest.fixture
def at_once(trained, inbox, tmp_path):
    """Return the arguments that file the three images of `few` once, by class."""
    put(sorted(inbox[0].glob("*.jpg"))[:3], tmp_path / "few")
    (tmp_path / "few" / "empty.jpg").write_bytes(b"")
    options = ["--classifier", trained.classifier, "--output", tmp_path / "out", "--once", "--settle=0.1"]
    return [tmp_path / "few", *options]


def test_a_batch_is_one_line(at_once):
    """The line says when, which run, what and where to. stderr says what is not whole, and stdout nothing else."""
    done = run(*at_once)
    assert done.exit_code == 0, done.stderr
    line = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d run \d{8}-\d{6}-\d{3}: 3 files moved to \w+ \d(, \w+ \d)*\n"
    assert re.fullmatch(line, done.stdout)
    assert "empty.jpg (it is empty) is not whole yet" in done.stderr


def test_json_is_a_line_for_each_batch_and_for_an_error(at_once, tmp_path):
    """Each line is the result of a batch, as other commands print it; a failure is a line too."""
    done = run(*at_once, "--json", "--max-batch=2")
    results = [json.loads(line) for line in done.stdout.splitlines()]
    assert [(result["command"], result["counts"]["moves"]) for result in results] == [("watch", 2), ("watch", 1)]
    failed = run(tmp_path / "none", *at_once[1:], "--json")
    (line,) = failed.stdout.splitlines()
    assert json.loads(line)["error"] == {
        "type": "CollectionError",
        "message": f"{tmp_path / 'none'}: there is no such folder. Give the folder that holds the images.",
        "exit_code": 1,
    }
    assert failed.exit_code == 1


@pytest.mark.parametrize("options", [["--nope"], ["--settle", "0"], ["--copy", "--symlink"], []])
def test_a_usage_error_is_one_line_of_json_too(tmp_path, options):
    """A program that reads line by line understands each line."""
    done = run(tmp_path, *options, "--json")
    (line,) = done.stdout.splitlines()
    assert json.loads(line)["error"]["exit_code"] == done.exit_code == 2


def test_an_interruption_is_one_line_of_json_too(tmp_path, monkeypatch):
    """So it is with a second signal, which interrupts at once."""

    def interrupt(*arguments, **options):
        raise KeyboardInterrupt

    monkeypatch.setattr(job, "watch", interrupt)
    done = run(tmp_path, "--json")
    (line,) = done.stdout.splitlines()
    assert json.loads(line)["error"]["exit_code"] == done.exit_code == 130


def test_an_interruption_in_an_import_has_the_usual_exit_code(tmp_path):
    """Modules run code that is text, for named tuples for example. Python would end by the signal after that."""
    (tmp_path / "interrupted.py").write_text(
        "from imgsort.cli.commands import upkeep\n"
        "def interrupt(*a, **k):\n    exec('raise KeyboardInterrupt')\n"
        "upkeep.cache.commands['info'].callback = interrupt\n"
        "from imgsort.cli import main\nmain(['cache', 'info'])\n"
    )
    done = subprocess.run(
        [sys.executable, "-m", "interrupted"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr.count("interrupted.")) == (130, 1)


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs a device that is full")
def test_output_that_is_lost_does_not_hide_what_was_filed(at_once):
    """The exit code is 4, and stderr says that files were filed, and where they are listed."""
    command = [sys.executable, "-m", "imgsort", "watch", *map(str, at_once)]
    with open("/dev/full", "wb") as full:
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 4
    assert f"Files were filed in 1 run: `imgsort history {at_once[0]}`." in done.stderr


@pytest.mark.parametrize(
    "options",
    [
        [],
        ["--into", "{out}", "--output", "{out}"],
        ["--classifier", "{classifier}"],
        ["--classifier", "{classifier}", "--output", "{out}", "--model", "vgg16"],
        ["--classifier", "{classifier}", "--output", "{out}", "--copy", "--hardlink"],
        ["--into", "{out}", "--settle", "0"],
        ["--into", "{out}", "--poll", "fast"],
    ],
)
def test_options_that_do_not_go_together_exit_with_2(trained, tmp_path, options):
    """Nothing is watched, and nothing is made."""
    (tmp_path / "in").mkdir()
    filled = [option.format(classifier=trained.classifier, out=tmp_path / "out") for option in options]
    assert run(tmp_path / "in", *filled).exit_code == 2
    assert [path.name for path in tmp_path.iterdir()] == ["in"]


def test_the_defaults_are_those_of_the_function():
    """The command line says them again, because importing the function is slow."""
    options = {option.name: option for option in main.commands["watch"].params}
    assert options["settle"].default == job.SETTLE_SECONDS
    assert options["max_batch"].default == job.MAX_BATCH
    assert options["poll"].flag_value == waking.POLL_SECONDS
    assert options["settle"].type.min == options["poll"].type.min == job.LEAST_SECONDS


@pytest.mark.skipif(sys.platform == "win32", reason="needs the signals of POSIX")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_first_signal_asks_and_the_second_interrupts(number):
    """Afterwards the signals do again what they did before."""
    asked = []
    before = signal.getsignal(number)
    with pytest.raises(KeyboardInterrupt), ended_by_signals(lambda: asked.append(1)):
        signal.raise_signal(number)
        assert asked == [1]
        signal.raise_signal(number)
    assert asked == [1]
    assert signal.getsignal(number) == before
