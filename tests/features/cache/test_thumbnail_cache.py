"""Thumbnails kept between runs. They are found by content, and they are never a reason to fail."""

import multiprocessing
import os
import random
import sqlite3
import stat
import sys
import threading
from contextlib import closing

import numpy as np
import pytest

from imgsort.features.cache import feature_store, thumbnail_cache
from imgsort.features.cache.thumbnail_cache import ThumbnailCache, ThumbnailsInMemory, thumbnails_file
from imgsort.images.thumbnail import encode_thumbnail

pytestmark = pytest.mark.usefixtures("own_folder")


def digest(number):
    return f"{number:064x}"


def webp(number):
    return encode_thumbnail(np.full((8, 8, 3), number % 256, np.uint8))


def opened(notice=pytest.fail):
    return closing(ThumbnailCache(notice=notice))


def keep(*numbers):
    with opened() as cache:
        for number in numbers:
            cache.keep(digest(number), webp(number))


def found(*numbers):
    """Return the numbers of the images whose thumbnails are found. Each must be the right one."""
    with opened() as cache:
        thumbnails = cache.get(digest(number) for number in numbers)
    assert all(thumbnails[digest(number)] == webp(number) for number in numbers if digest(number) in thumbnails)
    return [number for number in numbers if digest(number) in thumbnails]


def change(statement, *values):
    with closing(sqlite3.connect(thumbnails_file())) as database, database:
        database.execute(statement, values)


def test_thumbnails_come_back():
    """A later run finds exactly the thumbnails that were kept. In one run, they are found at once."""
    with opened() as cache:
        cache.keep(digest(1), webp(1))
        assert cache.get([digest(1), digest(2)]) == {digest(1): webp(1)}
    keep(*range(3, 1300))
    assert found(*range(1300)) == [1, *range(3, 1300)]


def test_without_the_cache_they_are_in_memory():
    """In memory, thumbnails are found until the end, and no file is made."""
    kept = ThumbnailsInMemory()
    kept.keep(digest(1), webp(1))
    assert kept.get([digest(1), digest(2)]) == {digest(1): webp(1)}
    kept.close()
    assert kept.get([digest(1)]) == {}
    assert not thumbnails_file().exists()


@pytest.mark.skipif(sys.platform == "win32", reason="there are no such permissions")
def test_only_the_user_may_read_them(monkeypatch):
    """Thumbnails show private photographs: no other user may read their file, or one that SQLite puts beside it."""
    monkeypatch.setattr(thumbnail_cache, "_WRITE_SECONDS", 0.0)
    with opened() as cache:
        cache.keep(digest(1), webp(1))
        files = list(thumbnails_file().parent.glob("thumbnails*"))
        assert len(files) > 1
        assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}


@pytest.mark.parametrize(
    "harm",
    [
        "UPDATE features SET numbers = SUBSTR(numbers, 1, 20)",
        "UPDATE features SET checksum = checksum + 1",
        "UPDATE features SET numbers = ZEROBLOB(LENGTH(numbers))",
        "UPDATE features SET content = ZEROBLOB(32)",
    ],
)
def test_a_damaged_thumbnail_is_missing(harm):
    """Bytes that are cut short or changed, or that belong to another image, count as missing."""
    keep(7)
    change(harm)
    assert found(7) == []
    with opened() as cache:
        assert cache.get([digest(0)]) == {}
    keep(7)
    assert found(7) == [7]


@pytest.mark.parametrize(
    "rubbish",
    [
        b"<svg onload='alert()'/>",
        webp(1)[:12] + b"rubbish that is long enough to hold a header",
        webp(1)[:26] + b"\xff\x3f\xff\x3f" + webp(1)[30:],
    ],
    ids=["other bytes", "rubbish in a WebP", "a size of 16383"],
)
def test_bytes_that_are_no_thumbnail_are_missing(rubbish):
    """Whole bytes of another kind, or that claim another size, are not given to a page."""
    with opened() as cache:
        cache.keep(digest(1), rubbish)
    assert found(1) == []


@pytest.mark.parametrize("harm", ["damaged", "another version", "a folder", "wrong types", "no table"])
def test_a_damaged_file_makes_a_run_slower(harm):
    """A file that cannot be used costs one notice with the remedy. New thumbnails are still found in this run."""
    keep(1)
    if harm == "damaged":
        thumbnails_file().write_bytes(random.Random(1).randbytes(100_000))
    elif harm == "another version":
        change("PRAGMA user_version = 7")
    elif harm == "a folder":
        thumbnails_file().unlink()
        thumbnails_file().mkdir()
    elif harm == "wrong types":
        change("UPDATE features SET numbers = 'text'")
    else:
        change("DROP TABLE features")
    notices = []
    with opened(notices.append) as cache:
        assert cache.get([digest(1)]) == {}
        cache.keep(digest(2), webp(2))
        assert cache.get([digest(1), digest(2)]) == {digest(2): webp(2)}
    (notice,) = notices
    assert notice.startswith(f"{thumbnails_file()}: ")
    assert "`imgsort cache clear --thumbnails`" in notice


def test_a_file_that_breaks_while_it_is_used(monkeypatch):
    """If the cache breaks in the middle of a run, what was not written yet is still found."""
    monkeypatch.setattr(thumbnail_cache, "_WRITE_SECONDS", 0.0)
    notices = []
    with opened(notices.append) as cache:
        cache.keep(digest(1), webp(1))
        change("DROP TABLE features")
        for number in (2, 3):
            cache.keep(digest(number), webp(number))
        assert cache.get(digest(number) for number in range(5)) == {digest(number): webp(number) for number in (2, 3)}
    assert len(notices) == 1


def test_another_process_that_writes_for_long(monkeypatch):
    """A writer that does not end costs some time and a notice."""
    keep(1)
    monkeypatch.setattr(feature_store, "_BUSY_SECONDS", 0.05)
    notices = []
    with closing(sqlite3.connect(thumbnails_file())) as other:
        other.execute("BEGIN IMMEDIATE")
        with opened(notices.append) as cache:
            cache.keep(digest(2), webp(2))
            assert cache.get([digest(1)]) == {digest(1): webp(1)}
        other.rollback()
    assert len(notices) == 1
    assert found(1, 2) == [1]


@pytest.mark.skipif(sys.platform == "win32" or os.getuid() == 0, reason="permissions do not stop this user")
def test_a_read_only_file_is_still_read():
    """Thumbnails of a file that cannot be written to are found."""
    keep(1)
    thumbnails_file().chmod(0o400)
    with opened(lambda text: None) as cache:
        assert cache.get([digest(1)]) == {digest(1): webp(1)}


def keep_fifty(cache, first):
    for number in range(first, first + 50):
        cache.keep(digest(number), webp(number))


def _keep_many(first):
    with opened() as cache:
        for number in range(first, first + 40):
            cache.keep(digest(number), webp(number))
            cache._write()


def test_several_processes_and_threads():
    """Processes that keep thumbnails at once, and threads that use one cache, lose none."""
    context = multiprocessing.get_context("spawn")
    processes = [context.Process(target=_keep_many, args=(40 * number,)) for number in range(2)]
    for process in processes:
        process.start()
    with opened() as cache:
        threads = [threading.Thread(target=keep_fifty, args=(cache, first)) for first in (1000, 1050)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(cache.get(digest(number) for number in range(1000, 1100))) == 100
    for process in processes:
        process.join()
        assert process.exitcode == 0
    assert found(*range(80), *range(1000, 1100)) == [*range(80), *range(1000, 1100)]


def test_another_version_makes_other_thumbnails(monkeypatch):
    """Thumbnails of another way to make them are not found. `cache info` counts them all the same."""
    keep(1)
    monkeypatch.setattr(thumbnail_cache, "_RECIPE", "thumbnail 99")
    assert found(1) == []
    keep(2)
    assert found(1, 2) == [2]
