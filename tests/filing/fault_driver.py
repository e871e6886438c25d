"""Runs the real apply and undo with wrapped `os` calls, and makes call k fail, for every k.

test_faults.py starts this program as its own process. Each attempt runs in a fork of that process. So `os._exit`
really ends the attempt, and another process runs the undo. The program prints JSON: the number of calls, and what
went wrong.
"""

import errno
import hashlib
import json
import os
import shutil
import stat
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from imgsort.errors import ImgsortError
from imgsort.filing.journal.runs import latest_in_force
from imgsort.filing.planning.site import Mode
from tests.support.desk import file_by, settle_and_undo_unless, undo_last
from tests.support.trees import make_tree, read_tree

CHANGING = (
    "link symlink unlink remove replace rename mkdir rmdir open write fsync ftruncate utime chmod fchown close".split()
)
READING = "lstat stat listdir scandir read readlink".split()
DIED, FINISHED, WRONG = 77, 0, 1

TREE: dict[str, bytes | None] = {
    "a one.jpg": b"first" * 50,
    "b.jpg": b"second" * 50,
    "b.TXT": b"",
    "sub/a one.jpg": b"third" * 50,
    "sub/A ONE.jpg.json": b"of the third" * 50,
    "category_b": None,
    "category_b/mine.txt": b"a foreign folder",
}


class Wrapped:
    """Counts the calls of `os`, and strikes one of them: `strike` runs instead of the call."""

    def __init__(
        self, names: list[str], strike_at: int, strike: Callable[[Callable[[], Any], str, tuple[Any, ...]], Any]
    ):
        self.calls = 0
        for name in names:
            setattr(os, name, self._wrap(name, getattr(os, name), strike_at, strike))

    def _wrap(self, name: str, real: Any, strike_at: int, strike: Any) -> Any:
        def call(*args: Any, **kwargs: Any) -> Any:
            self.calls += 1
            if self.calls == strike_at:
                return strike(lambda: real(*args, **kwargs), name, args)
            return real(*args, **kwargs)

        return call


real_write, real_exit = os.write, os._exit


def die_before(call: Callable[[], Any], name: str, args: tuple[Any, ...]) -> Any:
    real_exit(DIED)


def die_within(call: Callable[[], Any], name: str, args: tuple[Any, ...]) -> Any:
    """Die half way through a write, which leaves a torn line or half an image."""
    real_write(args[0], bytes(args[1])[: len(args[1]) // 2])
    real_exit(DIED)


def fail_with(number: int) -> Callable[[Callable[[], Any], str, tuple[Any, ...]], Any]:
    def fail(call: Callable[[], Any], name: str, args: tuple[Any, ...]) -> Any:
        if name == "close":
            call()
        raise OSError(number, os.strerror(number))

    return fail


STRIKES = {
    # The moment after a call is the moment before the next one: filing changes files by these calls alone.
    "death": [(die_before, CHANGING), (die_within, ["write"])],
    "ENOSPC": [(fail_with(errno.ENOSPC), CHANGING + READING)],
    "EACCES": [(fail_with(errno.EACCES), CHANGING + READING)],
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
        self.make_file_system_odd()
        _, outcome = file_by(self.collection, self.rule, self.output, self.mode, recursive=True)
        if outcome.refused:
            raise AssertionError(f"refused: {outcome.refused}")

    def make_file_system_odd(self) -> None:
        """Let this process see the file system that the scenario's name asks for."""
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


def in_child(action: Callable[[], None]) -> tuple[int, str]:
    """Run `action` in a fork; return its exit code and its message."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        try:
            action()
            real_exit(FINISHED)
        except (ImgsortError, OSError) as error:
            real_write(writer, f"{type(error).__name__}: {error}"[:500].encode(errors="replace"))
            real_exit(FINISHED)
        except BaseException as error:  # noqa: BLE001  (a child must not return into the parent's loop)
            real_write(writer, f"{type(error).__name__}: {error}"[:500].encode(errors="replace"))
            real_exit(WRONG)
    os.close(writer)
    said = os.read(reader, 4096).decode()
    os.close(reader)
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status), said


def attempt(scenario: Scenario, phase: str, strike: Any, names: list[str], strike_at: int) -> tuple[bool, list[str]]:
    """Strike one call; return whether the call was reached, and what went wrong."""
    reached_reader, reached_writer = os.pipe()
    if phase == "undo":
        code, said = in_child(scenario.act)
        if code != FINISHED or said:
            return False, [f"the run itself failed: {said}"]

    def struck() -> None:
        scenario.make_file_system_odd()

        def note(call: Callable[[], Any], name: str, args: tuple[Any, ...]) -> Any:
            real_write(reached_writer, b"x")
            return strike(call, name, args)

        Wrapped(names, strike_at, note)
        if phase == "undo":
            undo_last(scenario.root_to_undo)
        else:
            file_by(scenario.collection, scenario.rule, scenario.output, scenario.mode, recursive=True)

    code, said = in_child(struck)
    os.close(reached_writer)
    reached = os.read(reached_reader, 1) == b"x"
    os.close(reached_reader)
    wrong = [] if code in (DIED, FINISHED) else [f"it raised {said}"]
    if lost := scenario.lost():
        wrong.append(lost)
    code, said = in_child(scenario.recover)
    if code != FINISHED or said:
        wrong.append(f"undo failed: {said}")
    if problem := scenario.problems():
        wrong.append(problem)
    return reached, wrong


def main() -> None:
    """Try one case, which the arguments of the command line give.

    The arguments are the scenario, the phase (apply, undo), the fault, the folder for the collection and the folder
    for the output.
    """
    name, phase, fault, collection_parent, output_parent = sys.argv[1:]
    report: dict[str, Any] = {"calls": 0, "wrong": []}
    for strike, names in STRIKES[fault]:
        strike_at = 0
        reached = True
        while reached:
            strike_at += 1
            scenario = Scenario(name, Path(collection_parent), Path(output_parent))
            reached, wrong = attempt(scenario, phase, strike, names, strike_at)
            report["wrong"] += [f"{strike.__name__} call {strike_at}: {what}" for what in wrong]
            scenario.remove()
        report["calls"] = max(report["calls"], strike_at - 1)
    print(json.dumps(report))


if __name__ == "__main__":
    main()
