"""Tests commands of users without a home folder, without a cache, without a folder for temporary files."""

import os
import shutil
import stat
import sys
import tempfile
from pathlib import Path

import pytest

from tests.support.commands import as_nobody, faulty_images, shell
from tests.support.trees import names

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="users are made with setpriv")

NONE = dict.fromkeys(("HOME", "IMGSORT_CACHE_DIR", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "KERAS_HOME", "MPLCONFIGDIR"))


@pytest.fixture
def everybodys():
    """A folder that every user may write to. Folders of pytest let in only the user who runs the tests."""
    with tempfile.TemporaryDirectory() as name:
        os.chmod(name, 0o777)
        yield Path(name)


def photos_of(folder, user=54321):
    """Make images that belong to the user."""
    tree = faulty_images(folder / "photos")
    for path in (folder / "photos", *(folder / "photos").iterdir()):
        os.chown(path, user, user)
    return tree


COMMANDS = [
    ("--version", 0),
    ("--help", 0),
    ("models list", 0),
    ("models pull vgg16", 1),
    ("cache info", (0, 1)),
    ("cache clear", (0, 1)),
    ("history photos", 0),
    ("check photos --move", 0),
    ("undo photos", 0),
]
ASK_FOR_NO_HOME = ("--version", "--help", "history photos")


@pytest.mark.parametrize(
    "home",
    [
        {},
        {"HOME": "/"},
        {"HOME": ""},
        {"HOME": "~"},
        {"HOME": "home"},
        {"HOME": "/nowhere"},
        {"HOME": "/etc/passwd"},
        {"XDG_CACHE_HOME": "here"},
        {"XDG_CACHE_HOME": "/"},
        {"IMGSORT_CACHE_DIR": "/nowhere"},
        {"IMGSORT_CACHE_DIR": "/etc/passwd"},
        {"HOME": "/nowhere", "TMPDIR": "/nowhere"},
        {"KERAS_HOME": "/nowhere", "MPLCONFIGDIR": "/nowhere"},
    ],
    ids=str,
)
def test_every_command_runs_without_a_home(everybodys, home):
    """Commands work or say one sentence; nothing appears in the current folder, and no temporary folder stays.

    Commands that ask for no home are tried with none, with a folder that is not theirs, and with one that is a file.
    """
    photos_of(everybodys)
    environment = {**NONE, **home, "TMPDIR": home.get("TMPDIR", str(everybodys))}
    all_commands = home in ({}, {"HOME": "/"}, {"HOME": "/etc/passwd"})
    for command, code in COMMANDS:
        if command in ASK_FOR_NO_HOME and not all_commands:
            continue
        done = shell(as_nobody(f"$imgsort {command}"), everybodys, **environment)
        assert "Traceback" not in done.stderr
        assert done.returncode in (code if isinstance(code, tuple) else (code,)), (command, done.stderr)
        assert done.returncode == 0 or done.stderr.count("\n") == 1
        assert os.listdir(everybodys) == ["photos"]


@pytest.mark.parametrize("home", [{}, {"HOME": "/"}, {"IMGSORT_CACHE_DIR": "/nowhere/cache"}], ids=str)
def test_a_model_runs_without_a_home(everybodys, few_photos, home):
    """Features and converted models go to a private temporary folder; one notice says so and why.

    The model is small, because it is converted each time.
    """
    shutil.copytree(few_photos, everybodys / "photos")
    environment = {**NONE, **home, "TMPDIR": str(everybodys)}
    line = as_nobody("$imgsort categorize photos -k 2 --dry-run --model efficientnet-lite0 --size 32")
    done = shell(line, everybodys, **environment)
    assert (done.returncode, "Traceback" in done.stderr) == (0, False), done.stderr
    told = [text for text in done.stderr.splitlines() if "temporary folder" in text]
    assert len(told) == 1
    assert "IMGSORT_CACHE_DIR" in told[0]
    assert [text for text in done.stderr.splitlines() if not text.startswith("imgsort: ")] == []
    assert os.listdir(everybodys) == ["photos"]


def test_keras_takes_no_settings_from_a_folder_of_everybody(everybodys):
    """Without a home, Keras would read `/tmp/.keras`; the folder that it is given instead belongs to this process."""
    script = (
        "import os; from imgsort.homes import give_libraries_homes as give; give(); give(); "
        "print(os.environ['KERAS_HOME'], os.environ['MPLCONFIGDIR'], oct(os.stat(os.path.dirname("
        "os.environ['KERAS_HOME'])).st_mode & 0o777))"
    )
    done = shell(as_nobody(f'{sys.executable} -c "{script}"'), everybodys, **{**NONE, "TMPDIR": str(everybodys)})
    keras, matplotlib, mode = done.stdout.split()
    assert Path(keras).parent == Path(matplotlib).parent
    assert Path(keras).parent.parent == everybodys
    assert mode == oct(stat.S_IRWXU)


def test_a_home_that_can_be_written_to_is_left_to_the_libraries(tmp_path):
    """With a home folder, nothing is named for Keras and Matplotlib."""
    script = (
        "import os; from imgsort.homes import give_libraries_homes; give_libraries_homes(); "
        "print({'KERAS_HOME', 'MPLCONFIGDIR'} & {*os.environ})"
    )
    done = shell(f'{sys.executable} -c "{script}"', tmp_path, **{**NONE, "HOME": str(tmp_path)})
    assert done.stdout == "set()\n"


def test_everything_is_read_only(everybodys):
    """A user who may write nowhere can still look; a command that would move says in one sentence why it cannot."""
    tree = faulty_images(everybodys / "photos")
    everybodys.chmod(0o755)
    environment = {**NONE, "TMPDIR": "/nowhere"}
    done = shell(as_nobody("$imgsort check photos"), everybodys, **environment)
    assert (done.returncode, done.stderr) == (0, "")
    done = shell(as_nobody("$imgsort check photos --move"), everybodys, **environment)
    assert (done.returncode, done.stderr) == (1, f"imgsort: {everybodys}/photos/.imgsort: Permission denied.\n")
    assert names(everybodys / "photos") == tree


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ('"$photos" --move', 0),
        ('"$photos" --csv found.csv', 1),
        (". --move", 1),
        ("../photos --move", 1),
        ("photos", 1),
    ],
)
def test_the_current_folder_is_gone(tmp_path, line, code):
    """In a folder that was removed, whole paths work, and relative paths are an error in one sentence."""
    faulty_images(tmp_path / "photos")
    gone = "mkdir gone; cd gone; rmdir ../gone"
    done = shell(f"{gone}; $imgsort check {line}", tmp_path, photos=str(tmp_path / "photos"))
    assert (done.returncode, done.stderr.count("\n")) == (code, code), done.stderr
    assert (tmp_path / "photos" / "Rejected").exists() == (code == 0)
