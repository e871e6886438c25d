"""Tests `cache info`, `cache clear` and `cache prune` as a person types them."""

import json
import os
import random
import subprocess
import sys
from contextlib import closing

import numpy as np
import pytest
from click.testing import CliRunner

from imgsort.cli import main
from imgsort.features.cache.feature_store import FeatureStore, store_file
from imgsort.features.cache.model_store import stored_or_made
from imgsort.features.cache.thumbnail_cache import ThumbnailCache
from imgsort.features.cache.weights_store import keep_weights, unfinished_folder
from imgsort.images.thumbnail import encode_thumbnail

pytestmark = pytest.mark.usefixtures("own_folder")


@pytest.fixture
def filled(own_folder):
    """Return the cache folder with 100 rows of features, 0.5 MB, and a model of 2 MB."""
    store = FeatureStore()
    store.put(1, {f"{number:064x}": np.zeros(1280, np.float32) for number in range(100)}, [])
    store.close()
    stored_or_made("key", lambda: bytes(2_000_000), pytest.fail)
    return own_folder


@pytest.fixture
def with_weights(filled):
    """Return the filled folder with a file of weights of 1 MB."""
    with unfinished_folder() as folder:
        (folder / "weights.h5").write_bytes(bytes(1_000_000))
        keep_weights("vgg16", folder / "weights.h5")
    return filled


@pytest.fixture
def with_thumbnails():
    """Keep 20 thumbnails."""
    with closing(ThumbnailCache(notice=pytest.fail)) as cache:
        for number in range(20):
            cache.keep(f"{number:064x}", encode_thumbnail(np.full((9, 9, 3), number, np.uint8)))


def run(*arguments):
    return CliRunner().invoke(main, ["cache", *arguments])


def shown(*arguments):
    """Return the object that the command prints with --json. The command must succeed and print nothing else."""
    result = run(*arguments, "--json")
    assert (result.exit_code, result.stderr) == (0, "")
    return json.loads(result.stdout)


def text_of(folder, features, models):
    return (
        f"cache       {folder}\nfeatures    {features}\ntables      0 for find, 0.0 MB\n"
        f"models      {models}\nweights     0 fetched, 0.0 MB\nthumbnails  0 images, 0.0 MB\n"
    )


def test_info_of_nothing(own_folder):
    """Without a cache every number is zero, and no cache is made."""
    result = run("info")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout == text_of(own_folder, "0 images, 0.0 MB", "0 converted, 0.0 MB")
    assert shown("info") == {
        "version": 1,
        "command": "cache info",
        "folder": str(own_folder),
        "rows": 0,
        "features_bytes": 0,
        "models": 0,
        "models_bytes": 0,
        "weights": 0,
        "weights_bytes": 0,
        "thumbnails": 0,
        "thumbnails_bytes": 0,
        "tables": 0,
        "tables_bytes": 0,
        "total_bytes": 0,
    }
    assert not own_folder.exists()


def test_info(filled):
    """`info` shows the folder, the counts and the sizes, in lines and as JSON."""
    size = store_file().stat().st_size
    features = f"100 images, {size / 1e6:.1f} MB"
    assert run("info").stdout == text_of(filled, features, "1 converted, 2.0 MB")
    found = shown("info")
    assert (found["rows"], found["features_bytes"], found["total_bytes"]) == (100, size, size + 2_000_000)


@pytest.mark.parametrize(
    ("options", "left"),
    [
        ([], (0, 0, 0, 0)),
        (["--features"], (0, 1, 1, 20)),
        (["--models"], (100, 0, 1, 20)),
        (["--weights"], (100, 1, 0, 20)),
        (["--thumbnails"], (100, 1, 1, 0)),
        (["--features", "--models"], (0, 0, 1, 20)),
    ],
)
@pytest.mark.usefixtures("with_weights", "with_thumbnails")
def test_clear(options, left):
    """Without an option everything is removed, with one option only that part. The output shows what is left."""
    found = shown("clear", *options)
    assert found["command"] == "cache clear"
    assert (found["rows"], found["models"], found["weights"], found["thumbnails"]) == left
    assert {**shown("info"), "command": "cache clear"} == found


def test_clear_as_text(filled):
    """`clear` shows what is left in the same lines as `info`."""
    result = run("clear")
    assert result.exit_code == 0
    assert result.stdout == run("info").stdout == text_of(filled, "0 images, 0.0 MB", "0 converted, 0.0 MB")


@pytest.mark.usefixtures("filled")
def test_prune():
    """`prune` removes features before models, until the rest fits."""
    assert shown("prune", "--max-size", "1GB")["rows"] == 100
    found = shown("prune", "--max-size", "2.3 MB")
    assert found["command"] == "cache prune"
    assert 0 < found["rows"] < 100
    assert found["models"] == 1
    assert found["total_bytes"] <= 2_300_000
    result = run("prune", "--max-size", "1MB")
    assert result.exit_code == 0
    assert "features    0 images, " in result.stdout
    assert "models      0 converted, 0.0 MB\n" in result.stdout


@pytest.mark.parametrize("options", [["--max-size", "much"], ["--max-size", "-5"], ["--max-size", ""], [], ["1GB"]])
@pytest.mark.usefixtures("filled")
def test_prune_without_a_size(options):
    """A missing or wrong size gives exit code 2, in a line and as JSON. Nothing is removed."""
    result = run("prune", *options)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr
    as_json = run("prune", *options, "--json")
    assert (as_json.exit_code, as_json.stderr) == (2, "")
    assert json.loads(as_json.stdout)["error"]["exit_code"] == 2
    assert shown("info")["rows"] == 100


def test_a_damaged_file(own_folder):
    """`info` says that the file cannot be read. `prune` gives exit code 1 and the remedy, and the remedy works."""
    own_folder.mkdir()
    store_file().write_bytes(random.Random(1).randbytes(1_000_000))
    assert run("info").stdout == text_of(own_folder, "cannot be read, 1.0 MB", "0 converted, 0.0 MB")
    assert shown("info")["rows"] is None
    result = run("prune", "--max-size", "1kB")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith(f"imgsort: {store_file()}: cannot be made smaller (")
    assert "`imgsort cache clear --features`" in result.stderr
    assert result.stderr.count("\n") == 1
    error = json.loads(run("prune", "--max-size", "1kB", "--json").stdout)["error"]
    assert (error["type"], error["exit_code"]) == ("CacheError", 1)
    assert run("clear", "--features").exit_code == 0
    assert os.listdir(own_folder) == []


def test_what_cannot_be_removed():
    """A folder in the place of the file gives exit code 1."""
    store_file().mkdir(parents=True)
    result = run("clear")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "cannot be removed" in result.stderr


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="names are not bytes there")
def test_a_folder_that_is_not_utf_8(tmp_path):
    """A folder name of any bytes is safe for a terminal, and escaped in JSON. The command runs as a process."""
    environment = {**os.environb, b"IMGSORT_CACHE_DIR": os.fsencode(tmp_path) + b"/\xff\x1b[31m"}
    command = [sys.executable, "-m", "imgsort", "cache", "info"]
    text = subprocess.run(command, env=environment, capture_output=True, check=True)
    assert text.stdout.isascii()
    assert b"\x1b" not in text.stdout
    assert text.stdout.count(b"\n") == 6
    answer = subprocess.run([*command, "--json"], env=environment, capture_output=True, check=True)
    assert json.loads(answer.stdout)["folder"] == str(tmp_path / os.fsdecode(b"\xff\x1b[31m"))
    assert os.listdir(tmp_path) == []
