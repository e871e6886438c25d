"""The real command with a Ray of its own: what it opens, what it prints, how it ends, and how it goes on."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from imgsort.features.dataset.place import FolderPlace
from imgsort.features.dataset.reader import Dataset
from tests.engines.ray.conftest import psutil
from tests.support.pictures import encode, png_chunk
from tests.support.trees import make_tree

PICTURES = 700
_PATIENCE = 900  # a machine that does much else starts Ray in minutes
_TOLD = "RAY_USAGE_STATS_ENABLED", "RAY_AUTH_MODE", "RAY_AUTH_TOKEN", "TMPDIR"


@pytest.fixture(scope="module")
def folder(tmp_path_factory, extraction):
    """Pictures for several parts of a dataset, and a module that would spoil whoever imports it.

    The model is converted before: no command does that again.
    """
    root = tmp_path_factory.mktemp("folder")
    picture = encode(Image.new("RGB", (1000, 700), (200, 90, 30)), "PNG")
    end = picture[-12:]
    tree = {
        f"p{number:03}.png": picture[:-12] + png_chunk(b"tEXt", b"number\0" + str(number).encode()) + end
        for number in range(PICTURES)
    }
    make_tree(root, tree)
    (root / "cv2.py").write_text("raise SystemExit('imported from a folder of photos')")
    return root


@pytest.fixture
def started(folder, tmp_path):
    """Starts commands; none of them outlives the test."""
    running: list[Running] = []
    (tmp_path / "tmp").mkdir()

    def start(*arguments: Any) -> Running:
        running.append(Running(folder, tmp_path / "tmp", *arguments))
        return running[-1]

    yield start
    for each in running:
        each.process.kill()
        with contextlib.suppress(ValueError):  # its output was read before
            each.process.communicate()


def command(*arguments: Any) -> list[str]:
    line = [sys.executable, "-P", "-m", "imgsort", *map(str, arguments), "--engine", "ray", "--json"]
    return [*line, "--model", "efficientnet-lite0", "--size", "64", "--precision", "float32"]


class Running:
    """A command that runs in the folder of the images, in a group of processes of its own.

    `ports`: the ports on which its processes have listened so far, and at which addresses. `told`: what its raylet was
    told by variables.
    """

    def __init__(self, folder: Path, temporary: Path, *arguments: Any) -> None:
        self.process = subprocess.Popen(
            command(*arguments),
            cwd=folder,
            env={**os.environ, "TMPDIR": str(temporary)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        self.seen: set[Any] = set()
        self.ports: dict[int, str] = {}
        self.told: dict[str, str] = {}

    def processes(self) -> set[Any]:
        """Return the processes that the command has started so far and that still run."""
        with contextlib.suppress(psutil().NoSuchProcess):
            self.seen |= set(psutil().Process(self.process.pid).children(recursive=True))
        return {child for child in self.seen if child.is_running() and child.status() != psutil().STATUS_ZOMBIE}

    def look(self) -> None:
        """Note the ports, and what the raylet was told."""
        for process in self.processes():
            with contextlib.suppress(psutil().Error):
                listening = [each for each in process.net_connections("tcp") if each.status == "LISTEN"]
                self.ports |= {each.laddr.port: each.laddr.ip.removeprefix("::ffff:") for each in listening}
                if process.name() == "raylet":
                    self.told = {name: process.environ().get(name, "") for name in _TOLD} or self.told

    def wait_for(self, what: Any) -> None:
        """Wait until `what()` is true, while the command runs."""
        self.look()
        deadline, next_look = time.monotonic() + _PATIENCE, 0.0
        while not what():
            if time.monotonic() > next_look:  # it costs the command time
                self.look()
                next_look = time.monotonic() + 0.3
            assert self.process.poll() is None, self.process.communicate()
            assert time.monotonic() < deadline
            time.sleep(0.05)

    def ended(self) -> tuple[int, str, str]:
        """Return the exit code and what was printed. No process is left a moment later."""
        out, err = self.process.communicate(timeout=_PATIENCE)
        soon(lambda: not self.processes())
        assert [child.cmdline() for child in self.processes()] == []
        return self.process.returncode, out, err


def soon(what: Any) -> bool:
    """Say whether `what()` becomes true within a while."""
    deadline = time.monotonic() + 30
    while not what() and time.monotonic() < deadline:
        time.sleep(0.1)
    return bool(what())


def is_gone(path: Path) -> bool:
    return not path.exists()


def parts(output: Path) -> dict[str, int]:
    """Return the parts of a dataset, and which file each is."""
    names = FolderPlace(output).names()
    return {name: (output / name).stat().st_ino for name in names}


def has_parts(output: Path) -> bool:
    return bool(parts(output))


def test_a_run_that_is_ended_leaves_nothing_and_goes_on_later(started, tmp_path):
    """Ctrl-C while Ray starts, SIGTERM and SIGKILL end Ray too, and its folder goes; the next run makes no row again.

    At the end each image has one row. Every port was bound to loopback and none is the dashboard's; usage is not
    reported; a token is asked for. With --json, stdout holds one object, and stderr only imgsort's own notices.
    """
    ends = {signal.SIGINT: 130, signal.SIGTERM: 143, signal.SIGKILL: -9}
    outputs = {number: tmp_path / number.name for number in ends}
    runs = {number: started("embed", ".", "--output", outputs[number], "--no-cache") for number in ends}
    runs[signal.SIGINT].wait_for(lambda: runs[signal.SIGINT].told)
    os.kill(runs[signal.SIGINT].process.pid, signal.SIGINT)
    for number in (signal.SIGTERM, signal.SIGKILL):
        runs[number].wait_for(partial(has_parts, outputs[number]))
        os.kill(runs[number].process.pid, number)
    for number, running in runs.items():
        code, out, err = running.ended()
        assert code == ends[number], err
        assert "Traceback" not in err
        assert soon(partial(is_gone, Path(running.told["TMPDIR"])))
    assert soon(lambda: not os.listdir(tmp_path / "tmp"))
    killed = runs[signal.SIGKILL]
    assert len(killed.ports) > 3
    assert set(killed.ports.values()) == {"127.0.0.1"}
    assert 8265 not in killed.ports
    assert (killed.told["RAY_USAGE_STATS_ENABLED"], killed.told["RAY_AUTH_MODE"]) == ("0", "token")
    assert len(killed.told["RAY_AUTH_TOKEN"]) == 64

    output = outputs[signal.SIGKILL]
    there, rows = parts(output), len(Dataset.opened(FolderPlace(output)))
    code, out, err = started("embed", ".", "--output", output, "--no-cache").ended()
    assert code == 0, err
    counts = json.loads(out)["counts"]
    assert 0 < rows < PICTURES
    assert (counts["images"], counts["there"], counts["made"]) == (PICTURES, rows, PICTURES - rows)
    assert there.items() <= parts(output).items()
    dataset = Dataset.opened(FolderPlace(output))
    assert len(dataset) == dataset.path_count == PICTURES
    assert all(line.startswith("imgsort: ") for line in err.splitlines()), err
    assert os.listdir(tmp_path / "tmp") == []
