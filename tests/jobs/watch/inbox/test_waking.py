"""Tests what wakes a watch up, and where a folder must be looked at at intervals."""

import os

import pytest

from imgsort.jobs.watch.inbox.bell import Bell
from imgsort.jobs.watch.inbox.waking import POLL_SECONDS, RESCAN_SECONDS, Waking, share_of


@pytest.fixture
def waking(tmp_path):
    said = []
    waking = Waking(tmp_path, Bell(), None, said.append)
    waking.said = said
    yield waking
    waking.close()


def test_a_file_that_arrives_rings_and_one_that_is_read_does_not(tmp_path, waking):
    """Writing, renaming and removing ring; a watch reads files itself, which must not wake it."""
    (tmp_path / "x").write_bytes(b"x")
    waking.attend((1, 1))
    assert waking.seconds == RESCAN_SECONDS
    bell = waking._bell
    (tmp_path / "y").write_bytes(b"y")
    assert bell.wait(5)
    (tmp_path / "y").rename(tmp_path / "z")
    assert bell.wait(5)
    while bell.wait(0.3):
        pass
    (tmp_path / "x").read_bytes()
    os.listdir(tmp_path)
    assert not bell.wait(0.3)


def test_another_folder_in_its_place_is_watched_anew(tmp_path, waking):
    """After a share was mounted again, the system is asked anew, and nothing more is said."""
    waking.attend((1, 1))
    folder = tmp_path.rename(tmp_path.with_name("away"))
    tmp_path.mkdir()
    waking.attend((1, 2))
    while waking._bell.wait(0.3):
        pass
    (tmp_path / "x").write_bytes(b"x")
    assert waking._bell.wait(5)
    assert waking.said == []
    folder.rmdir()


def test_with_poll_the_system_is_not_asked(tmp_path):
    """The folder is looked at as often as a person says."""
    waking = Waking(tmp_path, Bell(), 0.7, pytest.fail)
    waking.attend((1, 1))
    assert waking.seconds == 0.7
    assert waking._observer is None


def test_a_folder_that_cannot_be_watched_is_polled(tmp_path):
    """That is said, with the time between two looks."""
    said = []
    waking = Waking(tmp_path / "gone", Bell(), None, said.append)
    waking.attend((1, 1))
    assert waking.seconds == POLL_SECONDS
    assert "looks every 2 seconds" in said[0]


@pytest.mark.parametrize(
    ("kind", "share"),
    [
        ("ext4", None),
        ("fuseblk", None),
        ("nfs4", "nfs4"),
        ("cifs", "cifs"),
        ("smb3", "smb3"),
        ("fuse.sshfs", "fuse.sshfs"),
    ],
)
@pytest.mark.skipif(not hasattr(os, "major"), reason="needs the device numbers of POSIX")
def test_shares_are_known_by_their_mounts(tmp_path, kind, share):
    """On a share, the system tells nothing of what other machines change."""
    device = os.stat(tmp_path).st_dev
    number = f"{os.major(device)}:{os.minor(device)}"
    lines = f"22 1 99:1 / / rw shared:1 - ext4 /dev/x rw\n23 1 {number} / /m rw - {kind} source rw\n"
    table = tmp_path / "mountinfo"
    table.write_text(lines)
    assert share_of(tmp_path, table) == share
    assert share_of(tmp_path, tmp_path / "none") is None
