"""Maps kept between runs, in the file of the thumbnails."""

import random
import sqlite3
from contextlib import closing

import numpy as np
import pytest

from imgsort.features.cache.map_cache import MapCache
from imgsort.features.cache.thumbnail_cache import ThumbnailCache, thumbnails_file
from imgsort.features.cache.upkeep import look_into_cache, prune

pytestmark = pytest.mark.usefixtures("own_folder")

KEY, OTHER = "ab" * 32, "cd" * 32
PLACES = np.random.default_rng(0).random((30, 2))


def opened(notice=pytest.fail):
    return closing(MapCache(notice=notice))


def keep(places=PLACES):
    with opened() as cache:
        cache.keep(KEY, places)


def found(rows=30, key=KEY):
    with opened() as cache:
        return cache.get(key, rows)


def test_a_map_comes_back_bit_for_bit():
    """A later run finds the same places. Another collection, or one of another size, has no map."""
    keep()
    assert found().tobytes() == PLACES.tobytes()
    assert found(29) is None
    assert found(key=OTHER) is None
    keep(np.zeros((0, 2)))
    assert found(0).shape == (0, 2)


@pytest.mark.parametrize("value", [np.nan, -0.01, 1.01, np.inf])
def test_places_off_the_map_are_missing(value):
    """Places that are no places from 0 to 1 count as missing."""
    keep(np.where(np.arange(60).reshape(30, 2) == 7, value, PLACES))
    assert found() is None


@pytest.mark.parametrize("harm", ["CAST(SUBSTR(numbers, 1, 479) || x'00' AS BLOB)", "ZEROBLOB(LENGTH(numbers))"])
def test_a_damaged_map_is_missing(harm):
    """Bytes that changed count as missing, and a new map takes their place."""
    keep()
    with closing(sqlite3.connect(thumbnails_file())) as database, database:
        database.execute(f"UPDATE features SET numbers = {harm}, checksum = 1")
    assert found() is None
    keep()
    assert found() is not None


def test_a_damaged_file_makes_a_run_slower():
    """With a file that cannot be used, there is one notice, and every map is made again."""
    keep()
    thumbnails_file().write_bytes(random.Random(1).randbytes(50_000))
    notices = []
    with opened(notices.append) as cache:
        cache.keep(KEY, PLACES)
        assert cache.get(KEY, 30) is None
    assert len(notices) == 1


def test_maps_are_no_thumbnails():
    """`cache info` counts the bytes of maps, but not as thumbnails. `prune` removes maps too."""
    keep()
    with closing(ThumbnailCache(notice=pytest.fail)) as thumbnails:
        assert thumbnails.get([KEY]) == {}
    info = look_into_cache()
    assert (info.thumbnails, info.rows) == (0, 0)
    assert info.thumbnails_bytes > PLACES.nbytes
    prune(0)
    assert not thumbnails_file().exists()
