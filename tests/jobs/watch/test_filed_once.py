"""Tests that no image is filed or tried again without end, whatever filing does to its times."""

import os
import shutil
import sys
import time

import pytest

import imgsort
from tests.support.classifiers import put
from tests.support.watching import SETTLE_SECONDS, WatchProcess, images_in, until, watching

LONG_SECONDS = 6 * SETTLE_SECONDS
# The administrator may write everywhere, unless these rights are given up.
WITHOUT_RIGHTS = ("setpriv", "--bounding-set=-dac_override,-dac_read_search", "--inh-caps=-all")


@pytest.mark.parametrize("mode", ["copy", "hardlink", "symlink"])
def test_what_stays_in_the_inbox_is_filed_once(trained, pictures, tmp_path, mode):
    """Neither a look, nor a later batch, nor an undo, nor a restart files it again. A hard link changes its times."""
    inbox, output = tmp_path / "in", tmp_path / "out"
    put(pictures[:3], inbox)
    options = {"classifier": trained.classifier, "output": output, "mode": mode, "confidence": 0}
    with watching(inbox, **options) as watch:
        until(lambda: len(watch.results) == 1)
        time.sleep(LONG_SECONDS)
        put(pictures[3:4], inbox)
        until(lambda: len(watch.results) == 2)
        time.sleep(LONG_SECONDS)
    assert [len(result.moves) for result in watch.results] == [3, 1]
    imgsort.undo(output)
    assert list(imgsort.watch(inbox, once=True, settle=SETTLE_SECONDS, **options)) == []
    assert len(images_in(output)) == 3


@pytest.mark.skipif(sys.platform == "win32", reason="needs the rights of POSIX")
def test_what_is_refused_is_tried_once(trained, pictures, tmp_path):
    """In a folder that may not be changed no image can be moved. A link to each was made and removed again."""
    inbox = tmp_path / "in"
    put(pictures[:3], inbox)
    (inbox / ".imgsort" / "runs").mkdir(parents=True)
    (inbox / ".imgsort" / "lock").touch()
    before = WITHOUT_RIGHTS if os.geteuid() == 0 else ()
    if before and shutil.which(before[0]) is None:
        pytest.skip("needs setpriv, to give up the rights of the administrator")
    inbox.chmod(0o555)
    where = ("--classifier", trained.classifier, "--output", tmp_path / "out")
    watch = WatchProcess(inbox, *where, errors=tmp_path / "errors.txt", before=before)
    try:
        until(lambda: "left alone" in watch.said())
        time.sleep(LONG_SECONDS)
        assert watch.end() == 0
    finally:
        watch.kill_if_alive()
        inbox.chmod(0o755)
    assert [len(result["refused"]) for result in watch.results] == [3]
    assert len(images_in(inbox)) == 3
