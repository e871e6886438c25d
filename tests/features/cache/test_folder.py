"""Where the cache folder is."""

import contextlib
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


def test_a_user_without_a_home_is_an_error_that_runs_live_with(tmp_path, monkeypatch):
    """Without a home folder, features and models are made in each run, with a notice.

    In a container, for example, a user may be a number without a name.
    """
    monkeypatch.delenv("IMGSORT_CACHE_DIR")

    def no_home(*_: object, **__: object) -> str:
        raise RuntimeError("could not determine the home directory")

    monkeypatch.setattr("platformdirs.user_cache_dir", no_home)
    with pytest.raises(OSError, match="IMGSORT_CACHE_DIR"):
        cache_folder()
    notices: list[str] = []
    with contextlib.closing(FeatureCache("recipe", notice=notices.append)) as cache:
        assert list(cache.known_rows(tmp_path, [])) == []
    assert stored_or_made("key", lambda: b"model", notices.append).data == b"model"
    assert len(notices) == 2
    assert all("IMGSORT_CACHE_DIR" in notice for notice in notices)
    with pytest.raises(CacheError, match="IMGSORT_CACHE_DIR"):
        look_into_cache()
