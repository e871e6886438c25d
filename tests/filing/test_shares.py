"""Tests the real command on file systems that answer single calls as network shares and FAT sticks do.

`tests/support/share_shim.c` makes them answer so. It is compiled here and preloaded into the command. The command is
`imgsort apply`, which moves as every command does, and needs no model. Each is a process of its own, forked from one
that has imported imgsort.
"""

import csv
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.support.pictures import encode
from tests.support.requirements import skip_or_fail
from tests.support.trees import make_tree, names, read_tree
from tests.support.warm import WarmCommand

SOURCE = Path(__file__).parents[1] / "support/share_shim.c"


def picture(seed: int) -> bytes:
    """Return a JPEG of noise."""
    return encode(np.random.default_rng(seed).integers(0, 256, (48, 64, 3), dtype=np.uint8), "JPEG")


TREE = {f"p{number}.jpg": picture(number) for number in range(5)} | {"p1.xmp": b"a note", "p2.mov": b""}
TARGETS = {f"p{number}.jpg": f"group {number % 2}/p{number}.jpg" for number in range(5)}

SHARES = {
    "sshfs": {"SHIM_INO": "{root}"},
    "mergerfs": {"SHIM_INO": "{root}", "SHIM_INO_FOLDERS": "1"},
    "old CIFS": {"SHIM_FSYNCDIR": "22", "SHIM_LINK": "1", "SHIM_CHMOD": "1", "SHIM_UTIME": "1"},
    "WSL share": {"SHIM_FSYNCDIR": "5", "SHIM_LINK": "95"},
    "NFS without locks": {"SHIM_FLOCK": "37", "SHIM_SETXATTR": "524"},
    "sshfs without anything": {"SHIM_INO": "{root}", "SHIM_LINK": "95", "SHIM_FLOCK": "95", "SHIM_FSYNCDIR": "95"},
}


@pytest.fixture(scope="session")
def shim(tmp_path_factory):
    """The compiled shim."""
    if not sys.platform.startswith("linux"):
        pytest.skip("the shim is preloaded as Linux does it")
    library = tmp_path_factory.mktemp("shim") / "share_shim.so"
    compiler = next((name for name in ("cc", "gcc", "clang") if _runs(name)), None)
    if compiler is None:
        skip_or_fail("compiler", "needs a C compiler for the shim")
    command = [compiler, "-Wall", "-Werror", "-shared", "-fPIC", "-o", str(library), str(SOURCE), "-ldl"]
    subprocess.run(command, check=True, capture_output=True)
    return library


@pytest.fixture(scope="module")
def warm(shim, tmp_path_factory):
    """The real command with the shim, ready to run."""
    with WarmCommand(tmp_path_factory.mktemp("warm"), LD_PRELOAD=str(shim)) as command:
        yield command


def _runs(name: str) -> bool:
    try:
        return subprocess.run([name, "--version"], capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        return False


class Share:
    """A folder `root` on an odd file system: the real command runs in it with `odd` variables for the shim."""

    def __init__(self, library: Path, warm: WarmCommand, root: Path, odd: dict[str, str]) -> None:
        self.root, self.collection = root, root / "photos"
        make_tree(self.collection, TREE)
        self.odd = {name: value.format(root=root) for name, value in odd.items()}
        self.library, self.warm = library, warm
        self.before = read_tree(self.collection)

    def run(self, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
        """Run a command of imgsort on this file system. `more` are further variables for the shim."""
        environment = os.environ | {"LD_PRELOAD": str(self.library), "SHIM_AT": str(self.root)} | self.odd | more
        return self.warm.run(list(arguments), environment)

    def plan(self, targets: dict[str, str], output: Path | None = None, mode: str = "move") -> Path:
        """Write a plan for the collection and return its file."""
        path = self.root / "plan.csv"
        with path.open("w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(
                ("file", "category", "score", "distance", "target", "collection", "output", "mode", "content")
            )
            where = (self.collection, output or self.collection, mode)
            writer.writerows(
                (file, "", "", "", target.replace("%", "%25"), *where, "") for file, target in targets.items()
            )
        return path


@pytest.fixture
def share(shim, warm, tmp_path, request):
    """A share of the kind that the test's parameter names, or without any oddity."""
    return Share(shim, warm, tmp_path, SHARES[request.param] if hasattr(request, "param") else {})


def on(*kinds: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("share", kinds or SHARES, indirect=True)


@on()
@pytest.mark.parametrize("mode", ["move", "copy", "hardlink"])
def test_files_are_filed_and_come_back(share, mode):
    """On every kind of share, all files are filed, an undo brings all back, and both end with 0."""
    if mode == "hardlink" and "SHIM_LINK" in share.odd:
        pytest.skip("this share has no hard links")
    output = None if mode == "move" else share.root / "out"
    done = share.run("apply", str(share.plan(TARGETS, output, mode)))
    assert done.returncode == 0, done.stderr
    filed = names(output or share.collection)
    assert {path: TREE[name] for name, path in TARGETS.items()}.items() <= filed.items()
    assert filed["group 1/p1.xmp"] == b"a note"
    undone = share.run("undo", str(output or share.collection))
    assert undone.returncode == 0, undone.stderr
    assert read_tree(share.collection) == share.before
    assert output is None or read_tree(output) == {}


@on("sshfs", "mergerfs", "old CIFS", "sshfs without anything")
@pytest.mark.parametrize("command", ["apply", "undo"])
def test_a_kill_loses_nothing(share, command):
    """A command that is killed in between leaves every file whole, and an undo brings all back."""
    plan = share.plan(TARGETS)
    for at in range(1, 200, 9):
        if command == "undo":
            assert share.run("apply", str(plan)).returncode == 0
            killed = share.run("undo", str(share.collection), SHIM_KILL=str(at))
        else:
            killed = share.run("apply", str(plan), SHIM_KILL=str(at))
        contents = set(names(share.collection).values())
        assert set(TREE.values()) <= contents
        undone = share.run("undo", str(share.collection))
        assert undone.returncode in (0, 1), undone.stderr  # 1: nothing was done yet, or all was taken back already
        assert read_tree(share.collection) == share.before
        if killed.returncode == 0:
            break
    assert killed.returncode == 0, "the command makes more calls than were tried"
    assert at > 30


@on("old CIFS", "WSL share")
def test_what_is_less_safe_is_said(share):
    """Where a folder cannot be synced, a notice names the folder and says what a power failure may do."""
    done = share.run("apply", str(share.plan(TARGETS)), "--json")
    notices = [text for text in json.loads(done.stdout)["notices"] if "power" in text]
    assert len(notices) == 1
    assert str(share.collection) in notices[0]


@pytest.mark.parametrize(("number", "code"), [(22, 0), (95, 0), (5, 1)])
def test_a_file_that_cannot_be_synced(share, number, code):
    """A file system without a sync is noticed; one that fails to sync the journal stops the run before it moves."""
    done = share.run("apply", str(share.plan(TARGETS)), SHIM_FSYNC=str(number))
    assert done.returncode == code, done.stderr
    assert ("power" in done.stderr) == (code == 0)
    assert "Traceback" not in done.stderr
    assert (read_tree(share.collection) == share.before) == (code == 1)


HOLD = """
import sys, pathlib
from imgsort.filing.journal.locking.lock import locked
with locked([pathlib.Path(sys.argv[1])], 'categorize'):
    print('held', flush=True)
    sys.stdin.read()
"""


@pytest.mark.parametrize("number", [37, 95, 9])
def test_without_locks_a_second_command_is_still_told(share, number):
    """Where the file system cannot lock, a second command is refused and names the first; a kill frees the folder."""
    share.odd["SHIM_FLOCK"] = str(number)
    environment = os.environ | {"LD_PRELOAD": str(share.library)} | share.odd
    command = [sys.executable, "-c", HOLD, str(share.collection)]
    plan = str(share.plan(TARGETS))
    with subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        refused = share.run("apply", plan)
        holder.kill()
    assert refused.returncode == 1
    assert f"process {holder.pid}" in refused.stderr
    assert read_tree(share.collection) == share.before
    done = share.run("apply", plan)
    assert done.returncode == 0, done.stderr
    assert "cannot lock" in done.stderr


def test_what_a_target_does_not_keep_is_counted_once(share, other_filesystem):
    """Files come to a file system that keeps no modes, times and attributes: one notice counts them, undo restores."""
    os.chmod(share.collection / "p0.jpg", 0o640)
    share.before = read_tree(share.collection)
    has_attributes = _set_attribute(share.collection / "p1.jpg")
    refused = {"SHIM_CHMOD": "1", "SHIM_UTIME": "1", "SHIM_SETXATTR": "95"}
    done = share.run("apply", str(share.plan(TARGETS, other_filesystem / "out")), "--json", **refused)
    assert done.returncode == 0, done.stderr
    notices = [text for text in json.loads(done.stdout)["notices"] if "did not keep all" in text]
    assert len(notices) == 1
    assert "times of 7" in notices[0]
    assert ".tmp" not in notices[0]
    assert "modes of 7" in notices[0]
    assert ("access lists of 1" in notices[0]) == has_attributes
    assert share.run("undo", str(share.collection)).returncode == 0
    assert read_tree(share.collection) == share.before


def _set_attribute(path: Path) -> bool:
    """Give the file an extended attribute, if its file system and /dev/shm can have it."""
    try:
        os.setxattr(path, "user.note", b"mine")
    except OSError:
        return False
    return True


ODD_NAMES = {
    "p0.jpg": "12:30/at 10:15?.jpg",
    "p1.jpg": "12:30/at 10%3A15%3F.jpg",
    "p2.jpg": "a<b>|c*/con.jpg",
    "p3.jpg": 'ends with a dot./"p".jpg',
    "p4.jpg": "plain/" + "long " * 20 + ".jpg",
}


@pytest.mark.parametrize("kind", ["exFAT", "short names"])
def test_a_name_that_the_target_refuses_becomes_one_that_it_takes(share, kind):
    """Refused names are written with %XX or cut, never over another file; the undo restores the old names."""
    out = share.root / "stick"
    odd = {"SHIM_LINK": "1", "SHIM_NAMES": str(out)} if kind == "exFAT" else {"SHIM_NAMEBYTES": "70"}
    share.odd |= odd
    done = share.run("apply", str(share.plan(ODD_NAMES, out)), "--json")
    assert done.returncode == 0, done.stderr + done.stdout
    result = json.loads(done.stdout)
    filed = names(out)
    assert {move["target"] for move in result["moves"]} == set(filed)
    assert sorted(filed.values()) == sorted(TREE.values())
    assert any("not as planned" in text for text in result["notices"])
    if kind == "exFAT":
        assert filed["12%3A30/at 10%3A15%3F.jpg"] == TREE["p1.jpg"]
        assert filed["12%3A30/at 10%3A15%3F (2).jpg"] == TREE["p0.jpg"]
        assert filed["a%3Cb%3E%7Cc%2A/%63on.jpg"] == TREE["p2.jpg"]
        assert filed["a%3Cb%3E%7Cc%2A/%63on.mov"] == TREE["p2.mov"]
        assert filed["ends with a dot%2E/%22p%22.jpg"] == TREE["p3.jpg"]
    assert share.run("undo", str(out)).returncode == 0
    assert read_tree(share.collection) == share.before


def test_a_category_whose_name_is_refused_is_used_again(share):
    """A second run for the same category uses the folder that the first run made under another name."""
    out = share.root / "stick"
    share.odd |= {"SHIM_LINK": "1", "SHIM_NAMES": str(out)}
    for file in ("p0.jpg", "p1.jpg"):
        done = share.run("apply", str(share.plan({file: f"12:30/{file}"}, out)))
        assert done.returncode == 0, done.stderr
    assert set(names(out)) == {"12%3A30/p0.jpg", "12%3A30/p1.jpg", "12%3A30/p1.xmp"}


@pytest.mark.parametrize("number", [1, 13, 16])
@pytest.mark.parametrize("links", ["", "1"])
def test_one_file_that_cannot_be_moved_is_one_refusal(share, number, links):
    """A file that is immutable, somebody else's or in use stays and is named; all others are filed; exit code 4."""
    odd = {"SHIM_PATH": "photos/p3.jpg", "SHIM_PATHERRNO": str(number)} | ({"SHIM_LINK": links} if links else {})
    done = share.run("apply", str(share.plan(TARGETS)), "--json", **odd)
    assert done.returncode == 4, done.stderr
    result = json.loads(done.stdout)
    assert [refusal["path"] for refusal in result["refused"]] == ["p3.jpg"]
    assert os.strerror(number) in result["refused"][0]["reason"]
    filed = names(share.collection)
    assert filed.pop("p3.jpg") == TREE["p3.jpg"]
    assert {path for path in filed if "/" in path} == {*TARGETS.values(), "group 1/p1.xmp", "group 0/p2.mov"} - {
        "group 1/p3.jpg"
    }
    assert share.run("undo", str(share.collection)).returncode == 0
    assert read_tree(share.collection) == share.before


@pytest.mark.parametrize("number", [1, 13])
def test_one_file_that_cannot_be_brought_back_is_one_refusal(share, number):
    """An undo brings back all others, and a second undo by the run's id brings the rest."""
    assert share.run("apply", str(share.plan(TARGETS))).returncode == 0
    odd = {"SHIM_PATH": "group 1/p3.jpg", "SHIM_PATHERRNO": str(number)}
    undone = share.run("undo", str(share.collection), "--json", **odd)
    assert undone.returncode == 4, undone.stderr
    result = json.loads(undone.stdout)
    assert [refusal["path"] for refusal in result["refused"]] == ["group 1/p3.jpg"]
    assert share.run("undo", str(share.collection), result["run"]).returncode == 0
    assert read_tree(share.collection) == share.before


@pytest.mark.parametrize("number", [28, 30, 122])
@pytest.mark.parametrize("at", [3, 8, 12, 20, 25])
def test_what_holds_for_all_files_stops_a_run(share, number, at):
    """A disk that is full, over quota or read-only stops the run in one sentence; nothing is lost, an undo works."""
    odd = {"SHIM_FULL": str(at), "SHIM_FULLERRNO": str(number)}
    done = share.run("apply", str(share.plan(TARGETS)), **odd)
    assert done.returncode in (1, 4), done.stderr
    assert "Traceback" not in done.stderr
    assert os.strerror(number) in done.stderr
    assert sorted(names(share.collection).values()) == sorted(TREE.values())
    assert share.run("undo", str(share.collection)).returncode in (0, 1)
    assert read_tree(share.collection) == share.before
