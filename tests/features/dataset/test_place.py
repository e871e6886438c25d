import os

import pytest

from imgsort.features.dataset.place import FolderPlace
from tests.support.trees import names


def test_a_file_is_there_as_a_whole_and_replaces_nothing(tmp_path):
    """A new file has its bytes and the usual rights; a name that is taken keeps its file, and nothing else stays."""
    place = FolderPlace(tmp_path / "features")
    assert place.names() == []
    assert place.put_new("a.parquet", b"first")
    assert not place.put_new("a.parquet", b"second")
    assert place.names() == ["a.parquet"]
    assert names(tmp_path) == {"features/a.parquet": b"first"}
    mask = os.umask(0)
    os.umask(mask)
    assert (tmp_path / "features" / "a.parquet").stat().st_mode & 0o777 == 0o666 & ~mask


def test_a_link_and_a_pipe_are_not_opened(tmp_path):
    """A file that is a link, or a pipe that would wait for ever, is an error at once."""
    (tmp_path / "secret").write_bytes(b"secret")
    (tmp_path / "link.parquet").symlink_to(tmp_path / "secret")
    os.mkfifo(tmp_path / "pipe.parquet")
    for name in ("link.parquet", "pipe.parquet"):
        with pytest.raises(OSError), FolderPlace(tmp_path).opened(name):
            pass


def test_leftovers_of_killed_runs_go_when_they_are_old(tmp_path):
    """Only files that such a run has left, and that nobody can be writing any more, are removed."""
    old = [".a.imgsort-part", ".keep", "b.imgsort-part", "c.parquet"]
    for name in (*old, ".new.imgsort-part"):
        (tmp_path / name).write_bytes(b"x")
    (tmp_path / ".folder.imgsort-part").mkdir()
    for name in (*old, ".folder.imgsort-part"):
        os.utime(tmp_path / name, (1000, 1000))
    FolderPlace(tmp_path).remove_unfinished()
    assert set(names(tmp_path)) == {".keep", "b.imgsort-part", "c.parquet", ".new.imgsort-part"}
    assert (tmp_path / ".folder.imgsort-part").is_dir()
    FolderPlace(tmp_path / "missing").remove_unfinished()
