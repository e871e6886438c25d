"""What the cache contains, and how it is made smaller."""

import os
import random
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from imgsort.errors import CacheError
from imgsort.features.cache.feature_cache import FeatureCache
from imgsort.features.cache.feature_store import FeatureStore, store_file
from imgsort.features.cache.model_store import kept_models, models_folder, stored_or_made
from imgsort.features.cache.thumbnail_cache import ThumbnailCache, thumbnails_file
from imgsort.features.cache.upkeep import (
    CacheInfo,
    clear_features,
    clear_models,
    clear_thumbnails,
    clear_weights,
    look_into_cache,
    prune,
)
from imgsort.features.cache.weights_store import keep_weights, kept_weights, unfinished_folder
from imgsort.images.finding.find import ImageFile
from imgsort.images.thumbnail import encode_thumbnail

WIDTH = 1280
MODEL_BYTES = 50_000
WEIGHTS_BYTES = 70_000


pytestmark = pytest.mark.usefixtures("own_folder")


def digest(number):
    return f"{number:064x}"


def keep_features(count, recipe="recipe"):
    with closing(FeatureCache(recipe, notice=pytest.fail)) as cache:
        for number in range(count):
            file = ImageFile(f"{number}.jpg", 1, 1)
            cache.keep(Path("/photos"), file, digest(number), np.full(WIDTH, number, np.float32))


def keep_thumbnails(count):
    with closing(ThumbnailCache(notice=pytest.fail)) as cache:
        for number in range(count):
            cache.keep(
                digest(number), encode_thumbnail(np.random.default_rng(number).integers(0, 256, (99, 99, 3), "u1"))
            )


def keep_models(*keys):
    """Keep a model under each key. The first key was used longest ago."""
    for age, key in enumerate(reversed(keys)):
        sha256 = stored_or_made(key, lambda key=key: key.encode().ljust(MODEL_BYTES), pytest.fail).sha256
        (file,) = (file for file in kept_models() if sha256 in file.name)
        os.utime(file, (10**9 - age, 10**9 - age))


def keep_weights_of(*names):
    """Keep a file of weights under each name. The first one was used longest ago."""
    for age, name in enumerate(reversed(names)):
        with unfinished_folder() as folder:
            (folder / "weights.h5").write_bytes(name.encode().ljust(WEIGHTS_BYTES))
            file = keep_weights(name, folder / "weights.h5")
        os.utime(file, (10**9 - age, 10**9 - age))


def damage():
    store_file().parent.mkdir(parents=True, exist_ok=True)
    store_file().write_bytes(random.Random(1).randbytes(100_000))


def models_left():
    return sorted(file.read_bytes().decode().strip() for file in kept_models())


def features_left():
    if not store_file().exists():
        return []
    with closing(sqlite3.connect(store_file())) as database:
        return [int(content.hex(), 16) for (content,) in database.execute("SELECT content FROM features ORDER BY 1")]


def test_where_there_is_nothing(own_folder):
    """Without a cache, all numbers are zero. Looking, clearing and pruning create nothing on disk."""
    empty = CacheInfo(own_folder, 0, 0, 0, 0, 0, 0)
    assert look_into_cache() == empty
    clear_features()
    clear_models()
    clear_weights()
    prune(0)
    assert look_into_cache() == empty
    assert not own_folder.exists()
    own_folder.mkdir()
    assert look_into_cache() == empty
    assert os.listdir(own_folder) == []


def test_counts_and_sizes(own_folder):
    """The rows of all recipes and the models are counted, and so are the bytes of their files.

    The total is the size of all files in the folder.
    """
    keep_features(3)
    keep_features(2, "another recipe")
    keep_models("a", "b")
    keep_weights_of("vgg16")
    keep_thumbnails(4)
    before = sorted(own_folder.rglob("*"))
    info = look_into_cache()
    assert (info.folder, info.rows, info.models, info.models_bytes) == (own_folder, 5, 2, 2 * MODEL_BYTES)
    assert info.features_bytes == store_file().stat().st_size >= 5 * 4 * WIDTH
    assert info.total_bytes == sum(file.stat().st_size for file in own_folder.rglob("*") if file.is_file())
    assert info.to_json() == {
        "folder": str(own_folder),
        "rows": 5,
        "features_bytes": info.features_bytes,
        "models": 2,
        "models_bytes": 2 * MODEL_BYTES,
        "weights": 1,
        "weights_bytes": WEIGHTS_BYTES,
        "thumbnails": 4,
        "thumbnails_bytes": info.thumbnails_bytes,
        "tables": 0,
        "tables_bytes": 0,
        "total_bytes": info.total_bytes,
    }
    assert sorted(own_folder.rglob("*")) == before


def test_what_a_run_is_writing_counts():
    """SQLite's files beside the main file are counted while they exist, and cleared with it."""
    keep_features(1)
    with closing(FeatureStore()) as store:
        store.put(1, {digest(9): np.zeros(WIDTH, np.float32)}, [])
        log = Path(f"{store_file()}-wal").stat().st_size
        assert log > 4 * WIDTH
        assert look_into_cache().features_bytes >= store_file().stat().st_size + log
        if sys.platform != "win32":  # Windows cannot remove an open file
            clear_features()
            assert look_into_cache().features_bytes == 0


def test_what_cannot_be_read():
    """A damaged file has an unknown number of rows, but a known size. Looking does not change it."""
    damage()
    before = store_file().read_bytes()
    assert look_into_cache() == CacheInfo(store_file().parent, None, 100_000, 0, 0, 0, 0)
    assert store_file().read_bytes() == before


def test_clear_features_leaves_the_models(own_folder):
    """The features go, with all files that SQLite put beside them. The models stay. The cache can be filled again."""
    keep_features(3)
    keep_models("a")
    clear_features()
    assert os.listdir(own_folder) == ["models"]
    assert models_left() == ["a"]
    keep_features(2)
    assert look_into_cache().rows == 2


def test_clear_models_leaves_the_features(own_folder):
    """The models go, and the features stay."""
    keep_features(3)
    keep_models("a", "b")
    clear_models()
    info = look_into_cache()
    assert (info.rows, info.models, info.models_bytes) == (3, 0, 0)


@pytest.mark.parametrize("clear", [clear_features, clear_models])
def test_what_cannot_be_removed(clear):
    """A folder in place of a file stays, and the error names it."""
    place = store_file() if clear is clear_features else models_folder() / "x.tflite"
    place.mkdir(parents=True)
    with pytest.raises(CacheError) as raised:
        clear()
    assert str(raised.value).startswith(f"{place}: cannot be removed (")
    assert place.is_dir()


def test_prune_removes_nothing_that_fits():
    """If the cache has exactly the given size, or is smaller, nothing changes."""
    keep_features(3)
    keep_models("a")
    before = look_into_cache()
    for size in (10**12, before.total_bytes):
        prune(size)
        assert look_into_cache() == before


@pytest.mark.parametrize("excess", [1, 4000, 5120, 9000, 60_000])
def test_prune_removes_features_first(excess):
    """At most the given size is left. As long as features are left, all models are left."""
    keep_features(40)
    keep_models("a", "b")
    size = look_into_cache().total_bytes - excess
    prune(size)
    info = look_into_cache()
    assert info.total_bytes <= size
    assert info.models == 2
    assert 40 - 2 * (excess // (4 * WIDTH) + 1) <= info.rows < 40
    with closing(sqlite3.connect(store_file())) as database:
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert database.execute("SELECT COUNT(*) FROM files").fetchone() == (info.rows,)


def test_prune_removes_the_least_used_features():
    """The features that were unused for longest go first. A use counts by its day, in the rows of all recipes."""
    keep_features(30)
    with closing(sqlite3.connect(store_file())) as database, database:
        database.execute("UPDATE features SET used_day = CASE WHEN rowid % 3 = 0 THEN 10 ELSE 20 END")
    kept = set(range(30)) - set(features_left()[2::3])
    with closing(FeatureCache("recipe", notice=pytest.fail)) as cache:
        assert cache.features_of(digest(2)) is not None  # used today
    prune(look_into_cache().total_bytes - 9 * 4 * WIDTH + 1)
    assert set(features_left()) == kept | {2}


def test_prune_removes_the_least_used_models():
    """If removing features is not enough, models go too, the longest unused first."""
    keep_features(3)
    keep_models("oldest", "older", "newest")
    prune(2 * MODEL_BYTES + 30_000)
    assert models_left() == ["newest", "older"]
    assert features_left() == []
    stored_or_made("older", pytest.fail, pytest.fail)
    prune(MODEL_BYTES + 30_000)
    assert models_left() == ["older"]


def test_prune_to_nothing():
    """With a size of zero, no row and no model is left."""
    keep_features(3)
    keep_models("a", "b")
    prune(0)
    info = look_into_cache()
    assert (info.rows, info.models) == (0, 0)
    keep_features(1)
    assert look_into_cache().rows == 1


def test_prune_to_less_than_an_empty_file():
    """At most the given size is left, however small it is."""
    keep_features(3)
    prune(1000)
    assert look_into_cache().total_bytes <= 1000


def test_prune_without_features():
    """A cache with models alone is made smaller. No file for features is created."""
    keep_models("a", "b")
    prune(MODEL_BYTES)
    assert models_left() == ["b"]
    assert not store_file().exists()


@pytest.mark.parametrize("harm", ["damaged", "another version"])
def test_prune_of_what_cannot_be_read(harm):
    """If the features cannot be read, the error names the file and the remedy.

    Nothing is removed, and the remedy works.
    """
    keep_models("a")
    if harm == "damaged":
        damage()
    else:
        keep_features(1)
        with closing(sqlite3.connect(store_file())) as database:
            database.execute("PRAGMA user_version = 7")
    with pytest.raises(CacheError) as raised:
        prune(MODEL_BYTES)
    assert str(raised.value).startswith(f"{store_file()}: cannot be made smaller (")
    assert "`imgsort cache clear --features`" in str(raised.value)
    assert store_file().exists()
    assert models_left() == ["a"]
    clear_features()
    prune(MODEL_BYTES)
    assert models_left() == ["a"]
    keep_features(2)
    assert look_into_cache().rows == 2


def weights_left():
    return [file.name.partition("-")[0] for file in kept_weights()]


def test_weights_go_last():
    """`prune` removes weights only after all features and models, the longest unused first."""
    keep_features(3)
    keep_models("a")
    keep_weights_of("old", "new")
    prune(2 * WEIGHTS_BYTES)
    assert (features_left(), models_left(), weights_left()) == ([], [], ["new", "old"])
    prune(2 * WEIGHTS_BYTES - 1)
    assert weights_left() == ["new"]


def test_clear_weights_leaves_the_rest(own_folder):
    """Weights go, with what a killed download left behind. Models stay."""
    keep_models("a")
    keep_weights_of("vgg16")
    (own_folder / "weights" / "download-killed" / "work").mkdir(parents=True)
    clear_weights()
    assert os.listdir(own_folder / "weights") == []
    assert models_left() == ["a"]


def test_clear_thumbnails_leaves_the_features():
    """Thumbnails go, with every file that SQLite put beside them, even if they cannot be read. Features stay."""
    keep_features(3)
    keep_thumbnails(2)
    clear_thumbnails()
    info = look_into_cache()
    assert (info.rows, info.thumbnails, info.thumbnails_bytes) == (3, 0, 0)
    thumbnails_file().write_bytes(b"damaged" * 1000)
    assert look_into_cache().thumbnails is None
    clear_thumbnails()
    assert not thumbnails_file().exists()


def test_thumbnails_go_first():
    """`prune` removes thumbnails, and only then features. The least used thumbnails go first."""
    keep_features(3)
    keep_thumbnails(30)
    with closing(sqlite3.connect(thumbnails_file())) as database, database:
        database.execute("UPDATE features SET used_day = 10 WHERE rowid % 2 = 0")
    prune(look_into_cache().total_bytes - 20_000)
    info = look_into_cache()
    assert info.rows == 3
    assert 15 <= info.thumbnails < 30
    with closing(sqlite3.connect(thumbnails_file())) as database:
        days = [day for (day,) in database.execute("SELECT used_day FROM features")]
    assert sum(day > 10 for day in days) == 15
    prune(look_into_cache().features_bytes)
    assert (look_into_cache().rows, look_into_cache().thumbnails) == (3, 0)
    assert not thumbnails_file().exists()


def test_prune_of_thumbnails_that_cannot_be_read():
    """If the thumbnails cannot be read, the error names the file and a remedy that works."""
    keep_features(3)
    thumbnails_file().write_bytes(random.Random(1).randbytes(100_000))
    with pytest.raises(CacheError) as raised:
        prune(1000)
    assert str(raised.value).startswith(f"{thumbnails_file()}: cannot be made smaller (")
    assert "`imgsort cache clear --thumbnails`" in str(raised.value)
    assert look_into_cache().rows == 3
    clear_thumbnails()
    prune(1000)
    assert look_into_cache().total_bytes == 0
