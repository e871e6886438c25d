"""Tests what a watch says and how long it pauses when something fails."""

import errno
import os
import shutil

import pytest

from imgsort.errors import LockedError
from imgsort.filing.planning.site import Mode, Site
from imgsort.images.finding.leaving_out.rules import DEFAULT_RULES
from imgsort.jobs.watch.inbox.arrivals import Arrivals
from imgsort.jobs.watch.trouble import LONGEST_PAUSE_SECONDS, Trouble, with_room
from imgsort.sidecar_names.rules import BUILT_IN

FULL = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "/x")


def test_trouble_is_said_once_of_each_kind_and_the_pauses_grow(tmp_path):
    """When it is over that is said, and the next trouble is news again."""
    said = []
    trouble = Trouble(tmp_path, said.append)
    trouble.is_over()
    assert said == []
    pauses = [trouble.met(FULL) for _ in range(9)]
    assert pauses == [1, 2, 4, 8, 16, 32, *[LONGEST_PAUSE_SECONDS] * 3]
    trouble.met(LockedError("somebody works here."))
    assert said == [
        "/x: No space left on device. It is tried again, with growing pauses.",
        "somebody works here. It is tried again, with growing pauses.",
    ]
    trouble.is_over()
    assert said[2:] == [f"{tmp_path}: it goes on."]
    assert trouble.met(FULL) == 1
    assert len(said) == 4


def test_only_what_has_room_is_begun(tmp_path, other_filesystem, monkeypatch):
    """Where images go to another disk, a batch is as large as the disk allows, and no run is begun in vain."""
    for name in ("a.jpg", "b.jpg", "c.jpg"):
        (tmp_path / name).write_bytes(bytes(1000))
    arrivals = Arrivals(tmp_path, DEFAULT_RULES, BUILT_IN).look().arrivals
    across = Site(tmp_path, other_filesystem / "out")

    def chosen(site, free):
        usage = shutil.disk_usage(tmp_path)._replace(free=free)
        monkeypatch.setattr(shutil, "disk_usage", lambda path: usage)
        return [arrival.name for arrival in with_room(site, arrivals)]

    assert chosen(across, 2**30) == ["a.jpg", "b.jpg", "c.jpg"]
    assert chosen(across, 2**20 + 2500) == ["a.jpg", "b.jpg"]
    with pytest.raises(OSError, match="No space left"):
        chosen(across, 2**20)
    with pytest.raises(OSError, match="No space left"):
        chosen(Site(tmp_path, tmp_path.parent / "out", Mode.COPY), 0)
    assert len(chosen(Site(tmp_path, tmp_path), 0)) == 3
    assert len(chosen(Site(tmp_path, other_filesystem, Mode.SYMLINK), 0)) == 3
