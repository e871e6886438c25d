"""Where the cache folder is."""

import contextlib
import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from imgsort.errors import CacheError
from imgsort.features.cache.feature_cache import FeatureCache
from imgsort.features.cache.feature_store import store_file
from imgsort.features.cache.folder import cache_folder
from imgsort.features.cache.model_store import models_folder, stored_or_made
from imgsort.features.cache.upkeep import look_into_cache
from imgsort.temporary import private_folder


def test_the_folder_that_is_named(tmp_path, monkeypatch):
    """IMGSORT_CACHE_DIR is read each time, for features and for models. Nothing is created."""
    for name in ("one", "two"):
        monkeypatch.setenv("IMGSORT_CACHE_DIR", str(tmp_path / name))
        assert cache_folder() == tmp_path / name
        assert store_file() == tmp_path / name / "features.sqlite"
        assert models_folder() == tmp_path / name / "models"
    assert os.listdir(tmp_path) == []


@pytest.mark.skipif(sys.platform != "linux", reason="XDG_CACHE_HOME is heard on Linux")
@pytest.mark.parametrize("named", [None, ""])
def test_the_users_own_folder(tmp_path, monkeypatch, named):
    """If the variable is missing or empty, the cache lies in the user's cache folder. Nothing is created."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.delenv("IMGSORT_CACHE_DIR")
    if named is not None:
        monkeypatch.setenv("IMGSORT_CACHE_DIR", named)
    assert cache_folder() == tmp_path / "imgsort"
    assert os.listdir(tmp_path) == []


@pytest.mark.skipif(sys.platform == "win32", reason="names are not bytes there")
def test_a_name_that_is_not_utf_8(tmp_path):
    """The name of the cache folder may have any bytes."""
    folder = os.fsencode(tmp_path) + b"/\xff"
    script = "from imgsort.features.cache.feature_store import FeatureStore; FeatureStore().close()"
    environment = {**os.environb, b"IMGSORT_CACHE_DIR": folder}
    subprocess.run([sys.executable, "-c", script], env=environment, check=True)
    assert os.listdir(folder) == [b"features.sqlite"]
    assert Path(os.fsdecode(folder)).is_dir()


@pytest.fixture
def no_home(monkeypatch):
    """A user who is a number without a name and without HOME, as in a container."""

    def fail(*_: object, **__: object) -> str:
        raise RuntimeError("could not determine the home directory")

    monkeypatch.delenv("IMGSORT_CACHE_DIR")
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.delenv("HOME", raising=False)
    monkeypatch.setattr("os.path.expanduser", lambda path: path)
    monkeypatch.setattr("pathlib.Path.home", fail)


@pytest.fixture
def no_temporary_folder(monkeypatch):
    """No folder for temporary files can be written to."""

    def fail(**_: object) -> str:
        raise FileNotFoundError(errno.ENOENT, "No usable temporary directory found")

    monkeypatch.setattr("imgsort.temporary._made", {})
    monkeypatch.setattr("tempfile.mkdtemp", fail)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows always has a folder for caches")
def test_a_user_without_a_home_has_a_temporary_cache(no_home):
    """Without a home folder, the cache lies in a private folder, with a notice; nothing appears in a folder `~`."""
    notices: list[str] = []
    with contextlib.closing(FeatureCache("recipe", notice=notices.append)):
        assert store_file().is_file()
    assert stored_or_made("key", lambda: b"model", notices.append).data == b"model"
    (notice,) = notices
    assert "IMGSORT_CACHE_DIR" in notice
    assert cache_folder().parent == private_folder()
    assert private_folder().stat().st_mode & 0o777 == 0o700
    assert not Path("~").exists()
    with pytest.raises(CacheError, match="IMGSORT_CACHE_DIR"):
        look_into_cache()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows always has a folder for caches")
def test_without_any_folder_commands_go_on(tmp_path, no_home, no_temporary_folder):
    """With no place at all, features and models are made in each run, and notices say so."""
    with pytest.raises(OSError, match="temporary"):
        cache_folder()
    notices: list[str] = []
    with contextlib.closing(FeatureCache("recipe", notice=notices.append)) as cache:
        assert list(cache.known_rows(tmp_path, [])) == []
    assert stored_or_made("key", lambda: b"model", notices.append).data == b"model"
    assert len(notices) == 2


@pytest.mark.skipif(sys.platform != "linux", reason="XDG_CACHE_HOME is heard on Linux")
def test_a_relative_folder_for_caches_does_not_count(tmp_path, monkeypatch):
    """The standard says so of XDG_CACHE_HOME. Otherwise a cache would lie among the images."""
    monkeypatch.delenv("IMGSORT_CACHE_DIR")
    monkeypatch.setenv("XDG_CACHE_HOME", "here")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert cache_folder() == tmp_path / ".cache" / "imgsort"


def test_a_read_only_cache_is_still_read(own_folder, monkeypatch):
    """Models in a cache that cannot be written to are used; new ones go to the temporary folder."""
    stored_or_made("old", lambda: b"old", pytest.fail)
    monkeypatch.setattr("imgsort.features.cache.folder.can_write", lambda folder: False)
    assert stored_or_made("old", lambda: pytest.fail("made again"), pytest.fail).data == b"old"
    stored_or_made("new", lambda: b"new", pytest.fail)
    assert len(list((own_folder / "models").iterdir())) == 1
