"""Where the cache is."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from imgsort.features.cache_folder import cache_folder
from imgsort.features.feature_store import store_file
from imgsort.features.model_store import models_folder


def test_the_folder_that_is_named(tmp_path, monkeypatch):
    """IMGSORT_CACHE_DIR is asked anew each time; features and models are both in it; nothing is made."""
    for name in ("one", "two"):
        monkeypatch.setenv("IMGSORT_CACHE_DIR", str(tmp_path / name))
        assert cache_folder() == tmp_path / name
        assert store_file() == tmp_path / name / "features.sqlite"
        assert models_folder() == tmp_path / name / "models"
    assert os.listdir(tmp_path) == []


@pytest.mark.skipif(sys.platform != "linux", reason="XDG_CACHE_HOME is heard on Linux")
@pytest.mark.parametrize("named", [None, ""])
def test_the_users_own_folder(tmp_path, monkeypatch, named):
    """Without the variable, or where it is empty, it is the user's folder for caches; nothing is made."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.delenv("IMGSORT_CACHE_DIR")
    if named is not None:
        monkeypatch.setenv("IMGSORT_CACHE_DIR", named)
    assert cache_folder() == tmp_path / "imgsort"
    assert os.listdir(tmp_path) == []


@pytest.mark.skipif(sys.platform == "win32", reason="names are not bytes there")
def test_a_name_that_is_not_utf_8(tmp_path):
    """A folder whose name is any bytes is used as it is."""
    folder = os.fsencode(tmp_path) + b"/\xff"
    script = "from imgsort.features.feature_store import FeatureStore; FeatureStore().close()"
    environment = {**os.environb, b"IMGSORT_CACHE_DIR": folder}
    subprocess.run([sys.executable, "-c", script], env=environment, check=True)
    assert os.listdir(folder) == [b"features.sqlite"]
    assert Path(os.fsdecode(folder)).is_dir()
