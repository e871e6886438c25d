"""Tests the notices about what a file system does not do."""

import errno
import os

from imgsort.filing.shortcomings import Shortcoming, collected, note


def refusal(number: int) -> OSError:
    return OSError(number, os.strerror(number))


def test_each_kind_is_one_sentence_with_the_first_path():
    """However often a kind is met, one sentence names its first path and reason, and how many files are concerned."""
    with collected() as found:
        for path in ("out/a.jpg", "out/b.jpg"):
            note(Shortcoming.TIMES, path, refusal(errno.EPERM))
        note(Shortcoming.MODE, "out/a.jpg", refusal(errno.EPERM))
        (notice,) = found.take_notices()
        assert "modes of 1, times of 2" in notice
        assert "out/a.jpg (Operation not permitted)" in notice
        assert found.take_notices() == []


def test_what_holds_for_the_whole_file_system_is_said_once():
    """That folders cannot be synced is said once, however often the notices are taken."""
    with collected() as found:
        note(Shortcoming.NO_SYNC, "photos", refusal(errno.EINVAL))
        assert len(found.take_notices()) == 1
        note(Shortcoming.NO_SYNC, "photos", refusal(errno.EINVAL))
        assert found.take_notices() == []


def test_nobody_has_to_listen():
    """Without a collector, a shortcoming is dropped; after a collector's end, it collects no more."""
    note(Shortcoming.NO_LOCK, "photos", "no")
    with collected() as found:
        pass
    note(Shortcoming.NO_LOCK, "photos", "no")
    assert found.take_notices() == []
