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
