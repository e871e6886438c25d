"""Runs the real apply and undo with wrapped `os` calls, and makes call k fail, for every k.

test_faults.py starts this program as its own process. A fork of that process, the actor, carries out what is struck.
So SIGKILL really ends the actor, and another process, this one, recovers. An actor that a fault does not kill carries
out the next attempt too, since a fork takes longer than an attempt. The program prints JSON: the number of calls, and
what went wrong.
"""

import errno
import hashlib
import json
import os
import shutil
import signal
import stat
import sys
import tempfile
from collections.abc import Callable
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, NoReturn

from imgsort.errors import ImgsortError
from imgsort.filing.journal.runs import latest_in_force
from imgsort.filing.planning.site import Mode
from tests.filing.faults import FAULTS, Fault, Wrapped, system_restored
from tests.support.desk import file_by, settle_and_undo_unless, undo_last
from tests.support.trees import make_tree, read_tree

TREE: dict[str, bytes | None] = {
    "a one.jpg": b"first" * 50,
    "b.jpg": b"second" * 50,
    "b.TXT": b"",
    "sub/a one.jpg": b"third" * 50,
    "sub/A ONE.jpg.json": b"of the third" * 50,
    "category_b": None,
    "category_b/mine.txt": b"a foreign folder",
}


class Scenario:
    """Holds a collection with an earlier run, and carries out a second run, which is struck."""

    def __init__(self, name: str, collection_parent: Path, output_parent: Path) -> None:
        self.name = name
        self.collection = Path(tempfile.mkdtemp(dir=collection_parent)).resolve()
        self.outside = Path(tempfile.mkdtemp(dir=output_parent)).resolve()
        modes = {"copy": Mode.COPY, "hardlink": Mode.HARDLINK, "symlink": Mode.SYMLINK}
        self.mode = modes.get(name.split(maxsplit=1)[0], Mode.MOVE)
        self.output: Path | None = None
        if name.split(maxsplit=1)[0] in ("output", "across", "copy", "hardlink", "symlink"):
            self.output = self.outside / "out"
        if name == "inside":
            self.output = self.collection / "sorted" / "here"
        make_tree(self.collection, TREE)
        if "following links" in name:
            make_tree(self.outside, {"c.jpg": b"a link leads here" * 50})
            (self.collection / "absolute.jpg").symlink_to(self.outside / "c.jpg")
            make_tree(self.outside, {"d.jpg": b"and another here" * 50})
            (self.collection / "sub/b relative.jpg").symlink_to(
                os.path.relpath(self.outside / "d.jpg", self.collection / "sub")
            )
            make_tree(self.collection, {"absolute.xmp": b"of the link"})
        file_by(self.collection, lambda path: "category_" + path[0] if path[0] in "ab" else None)
        os.chmod(self.collection / "category_b (2)", 0o700)
        first = latest_in_force(self.collection)
        assert first is not None
        self.first_run = first.id if self.mode is Mode.MOVE else None
        self.before = self.snapshot()

    def snapshot(self) -> Any:
        return read_tree(self.collection), read_tree(self.outside / "out") if (self.outside / "out").is_dir() else {}

    def act(self) -> None:
        with system_restored():
            self.make_file_system_odd()
            _, outcome = file_by(self.collection, self.rule, self.output, self.mode, recursive=True)
        if outcome.refused:
            raise AssertionError(f"refused: {outcome.refused}")

    def act_struck(self, phase: str, fault: Fault, strike_at: int) -> tuple[bool, str]:
        """File the images, or undo that, with one call struck.

        Return whether the call was reached, and what was raised that is no error of imgsort or of the system.
        """
        raised = ""
        with system_restored():
            self.make_file_system_odd()
            wrapped = Wrapped(fault, strike_at)
            try:
                if phase == "undo":
                    undo_last(self.root_to_undo)
                else:
                    file_by(self.collection, self.rule, self.output, self.mode, recursive=True)
            except (ImgsortError, OSError):
                pass
            except BaseException as error:  # noqa: BLE001  (whatever it is, the report says it)
                raised = f"{type(error).__name__}: {error}"
        return wrapped.calls >= strike_at, raised

    def make_file_system_odd(self) -> None:
        """Let this process see the file system that the scenario's name asks for, until the system is restored."""
        if "no links" in self.name:
            refuse_links()
        if "hidden inodes" in self.name:
            hide_inodes()
        if "no sync" in self.name:
            refuse_sync_of_folders()

    def rule(self, path: str) -> str | None:
        return None if path.startswith("category_b/") else "category_a"

    @property
    def root_to_undo(self) -> Path:
        return self.collection if self.mode is Mode.MOVE else self.outside / "out"

    def recover(self) -> None:
        with system_restored():
            self.make_file_system_odd()
            if self.root_to_undo.is_dir():
                settle_and_undo_unless(self.root_to_undo, self.first_run)

    def problems(self) -> str | None:
        after = self.snapshot()
        if after != self.before:
            wrong = sorted(set(map(repr, after[0].items())) ^ set(map(repr, self.before[0].items())))
            return f"the tree differs: {[entry[:90] for entry in wrong]} {after[1]}"
        return None

    def lost(self) -> str | None:
        contents = {facts[0] for facts in self.before[0].values() if isinstance(facts, tuple)}
        now = {facts[0] for tree in self.snapshot() for facts in tree.values() if isinstance(facts, tuple)}
        return f"lost: {[content[:8] for content in contents - now]}" if contents - now else None

    def remove(self) -> None:
        shutil.rmtree(self.collection)
        shutil.rmtree(self.outside)


def refuse_links() -> None:
    def refuse(*args: Any, **kwargs: Any) -> None:
        raise OSError(errno.EPERM, "links are refused here")

    os.link = refuse


def hide_inodes() -> None:
    """Let every file show the inode number of its path, as on sshfs: the two names of a link show two numbers."""

    def by_path(real: Callable[..., os.stat_result]) -> Callable[..., os.stat_result]:
        def see(path: Any, **kwargs: Any) -> os.stat_result:
            status = real(path, **kwargs)
            if not stat.S_ISREG(status.st_mode) or isinstance(path, int):
                return status
            number = int.from_bytes(hashlib.sha256(os.fsencode(path)).digest()[:7], "big")
            # A stat_result is a tuple, in which the inode is the second; the named fields come after the tenth.
            return os.stat_result(
                (status[0], number, *status[2:10]),
                {"st_mtime_ns": status.st_mtime_ns, "st_atime_ns": status.st_atime_ns},
            )

        return see

    os.lstat, os.stat = by_path(os.lstat), by_path(os.stat)


def refuse_sync_of_folders() -> None:
    real = os.fsync

    def refuse(descriptor: int) -> None:
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            raise OSError(errno.EINVAL, "folders cannot be synced here")
        real(descriptor)

    os.fsync = refuse


class Actor:
    """A process that carries out struck runs, one after another. If a strike kills it, the next run gets a new one."""

    def __init__(self, phase: str, fault: Fault) -> None:
        self._phase, self._fault = phase, fault
        self._process = 0

    def carry_out(self, scenario: Scenario, strike_at: int) -> tuple[bool, str]:
        """Strike one call; return whether the call was reached, and what was raised that is no error of imgsort."""
        if not self._process:
            self._start()
        self._line.send((scenario, strike_at))
        try:
            return self._line.recv()
        except EOFError:
            code = self._ended()
            return True, "" if code == -signal.SIGKILL else f"the process ended with {code}"

    def close(self) -> None:
        """End the process, if there is one."""
        if self._process:
            self._line.close()
            self._ended()

    def _start(self) -> None:
        self._line, line_of_actor = Pipe()
        self._process = os.fork()
        if self._process == 0:
            self._line.close()
            self._serve(line_of_actor)
        line_of_actor.close()

    def _ended(self) -> int:
        _, status = os.waitpid(self._process, 0)
        self._process = 0
        return os.waitstatus_to_exitcode(status)

    def _serve(self, line: Connection) -> NoReturn:
        try:
            while True:
                scenario, strike_at = line.recv()
                line.send(scenario.act_struck(self._phase, self._fault, strike_at))
        except EOFError:
            os._exit(0)
        finally:
            os._exit(1)  # the child must not return into the parent's loop


def attempt(scenario: Scenario, actor: Actor, phase: str, strike_at: int) -> tuple[bool, list[str]]:
    """Strike one call; return whether the call was reached, and what went wrong."""
    if phase == "undo":
        scenario.act()
    reached, raised = actor.carry_out(scenario, strike_at)
    wrong = [f"it raised {raised}"] if raised else []
    if lost := scenario.lost():
        wrong.append(lost)
    try:
        scenario.recover()
    except (ImgsortError, OSError, AssertionError) as error:
        wrong.append(f"undo failed: {type(error).__name__}: {error}")
    if problem := scenario.problems():
        wrong.append(problem)
    return reached, wrong


def main() -> None:
    """Try one case, which the arguments of the command line give.

    The arguments are the scenario, the phase (apply, undo), the fault, the folder for the collection and the folder
    for the output.
    """
    name, phase, kind, collection_parent, output_parent = sys.argv[1:]
    report: dict[str, Any] = {"calls": 0, "wrong": []}
    for fault in FAULTS[kind]:
        actor = Actor(phase, fault)
        strike_at = 0
        reached = True
        while reached:
            strike_at += 1
            scenario = Scenario(name, Path(collection_parent), Path(output_parent))
            reached, wrong = attempt(scenario, actor, phase, strike_at)
            report["wrong"] += [f"{fault.strike.__name__} call {strike_at}: {what}" for what in wrong]
            scenario.remove()
        actor.close()
        report["calls"] = max(report["calls"], strike_at - 1)
    print(json.dumps(report))


if __name__ == "__main__":
    main()
