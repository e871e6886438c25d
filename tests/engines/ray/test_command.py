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

PICTURES = 900
_PATIENCE = 900  # a machine that does much else starts Ray in minutes


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Pictures that take a while, for several parts of a dataset, and a module that would spoil whoever imports it."""
    root = tmp_path_factory.mktemp("folder")
    slow = encode(Image.new("RGB", (2500, 1600), (200, 90, 30)), "PNG")
    end = slow[-12:]
    tree = {
        f"p{number:03}.png": slow[:-12] + png_chunk(b"tEXt", b"number\0" + str(number).encode()) + end
        for number in range(PICTURES)
    }
    make_tree(root, tree)
    (root / "cv2.py").write_text("raise SystemExit('imported from a folder of photos')")
    return root


@pytest.fixture
def started(folder):
    """Starts commands; none of them outlives the test."""
    running: list[Running] = []

    def start(*arguments: Any) -> Running:
        running.append(Running(folder, *arguments))
        return running[-1]

    yield start
    for each in running:
        if each.process.poll() is None:
            each.process.kill()
            each.process.communicate()


def command(*arguments: Any) -> list[str]:
    line = [sys.executable, "-P", "-m", "imgsort", *map(str, arguments), "--engine", "ray", "--json"]
    return [*line, "--model", "efficientnet-lite0", "--size", "64", "--precision", "float32"]


class Running:
    """A command that runs in the folder of the images, in a group of processes of its own."""

    def __init__(self, folder: Path, *arguments: Any) -> None:
        self.process = subprocess.Popen(
            command(*arguments),
            cwd=folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        self.seen: set[Any] = set()

    def processes(self) -> set[Any]:
        """Return the processes that the command has started so far and that still run."""
        with contextlib.suppress(psutil().NoSuchProcess):
            self.seen |= set(psutil().Process(self.process.pid).children(recursive=True))
        return {child for child in self.seen if child.is_running() and child.status() != psutil().STATUS_ZOMBIE}

    def wait_for(self, what: Any) -> None:
        """Wait until `what()` is true, while the command runs."""
        deadline = time.monotonic() + _PATIENCE
        while not what():
            self.processes()
            assert self.process.poll() is None, self.process.communicate()
            assert time.monotonic() < deadline
            time.sleep(0.05)

    def ended(self) -> tuple[int, str, str]:
        """Return the exit code and what was printed. No process is left a moment later."""
        out, err = self.process.communicate(timeout=_PATIENCE)
        deadline = time.monotonic() + 120  # after SIGKILL, Ray's agents notice by asking now and then
        while self.processes() and time.monotonic() < deadline:
            time.sleep(0.1)
        assert [child.cmdline() for child in self.processes()] == []
        return self.process.returncode, out, err


def parts(output: Path) -> dict[str, int]:
    """Return the parts of a dataset, and which file each is."""
    names = FolderPlace(output).names()
    return {name: (output / name).stat().st_ino for name in names}


def has_more_than(count: int, output: Path) -> bool:
    return len(parts(output)) > count


def test_a_run_that_is_ended_leaves_no_process_and_goes_on_later(started, tmp_path):
    """SIGKILL, Ctrl-C and SIGTERM end Ray too; the next run makes no row again, and at the end each image has one."""
    output = tmp_path / "features"
    there: dict[str, int] = {}
    for number in (signal.SIGKILL, signal.SIGINT, signal.SIGTERM):
        running = started("embed", ".", "--output", output, "--no-cache")
        running.wait_for(partial(has_more_than, len(there), output))
        os.kill(running.process.pid, number)
        code, out, err = running.ended()
        assert code == {signal.SIGINT: 130, signal.SIGTERM: 143}.get(number, -number), err
        assert there.items() <= parts(output).items()
        there = parts(output)
        rows = len(Dataset.opened(FolderPlace(output)))
        if rows == PICTURES:
            break
    running = started("embed", ".", "--output", output, "--no-cache")
    code, out, err = running.ended()
    assert code == 0, err
    counts = json.loads(out)["counts"]
    assert (counts["images"], counts["there"], counts["made"]) == (PICTURES, rows, PICTURES - rows)
    assert there.items() <= parts(output).items()
    dataset = Dataset.opened(FolderPlace(output))
    assert len(dataset) == dataset.path_count == PICTURES


def test_its_own_ray_is_open_to_nobody_else_and_says_nothing(started, folder, tmp_path):
    """Every port is bound to loopback and none is the dashboard's; usage is not reported; a token is asked for.

    With --json, stdout holds one object, and stderr only imgsort's own notices. Nothing of it stays in /tmp.
    """
    few = tmp_path / "few"
    make_tree(few, {name: (folder / name).read_bytes() for name in sorted(os.listdir(folder)) if name[:3] == "p00"})
    running = started("categorize", few, "--clusters", "2", "--dry-run", "--no-cache")
    ports: dict[int, str] = {}
    environments: list[dict[str, str]] = []

    def has_worker() -> bool:
        for process in running.processes():
            with contextlib.suppress(Exception):
                ports.update({each.laddr.port: each.laddr.ip for each in listening(process)})
                if process.name() == "raylet":
                    environments.append(process.environ())
        return running.process.poll() is not None

    deadline = time.monotonic() + _PATIENCE
    while not has_worker() and time.monotonic() < deadline:
        time.sleep(0.1)
    code, out, err = running.ended()
    assert code == 0, err
    assert len(ports) > 3
    assert {ip.removeprefix("::ffff:") for ip in ports.values()} == {"127.0.0.1"}
    assert 8265 not in ports
    assert {environment["RAY_USAGE_STATS_ENABLED"] for environment in environments} == {"0"}
    assert {environment["RAY_AUTH_MODE"] for environment in environments} == {"token"}
    tokens = {environment["RAY_AUTH_TOKEN"] for environment in environments}
    assert len(tokens) == 1
    assert len(tokens.pop()) == 64
    assert json.loads(out)["counts"]["images"] == 10
    assert all(line.startswith("imgsort: ") for line in err.splitlines()), err
    folders = {environment["TMPDIR"] for environment in environments if "TMPDIR" in environment}
    assert not any("ray" in name for path in folders for name in os.listdir(path))
    local = [
        word if word != "ray" else "local"
        for word in command("categorize", few, "--clusters", "2", "--dry-run", "--no-cache")
    ]
    done = subprocess.run(local, capture_output=True, text=True, check=True, cwd=folder)
    assert json.loads(done.stdout)["moves"] == json.loads(out)["moves"]


def listening(process: Any) -> list[Any]:
    return [each for each in process.net_connections("tcp") if each.status == "LISTEN"]
