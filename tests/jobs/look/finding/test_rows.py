"""The table of a collection makes a search quicker, and never changes what it finds."""

import os
import shutil
import time

import pytest

import imgsort
from imgsort.features.cache.feature_store import store_file
from imgsort.features.cache.row_table import kept_tables
from imgsort.jobs.listener import Listener
from imgsort.jobs.look.finding import rows
from imgsort.jobs.upkeep.cache import cache_info, clear_cache, prune_cache

LITE = {"model": "efficientnet-lite0", "size": 64, "precision": "float32"}


class Reading(Listener):
    """Remembers how many images were not in the table."""

    def __init__(self):
        self.read = 0
        self.notices = []

    def progress(self, task, done, total):
        if task in ("reading the cache", "reading"):
            self.read = max(self.read, total)

    def notice(self, text):
        self.notices.append(text)


@pytest.fixture(autouse=True)
def small_tables(monkeypatch):
    """Let a table be made of a few images too, and begin without any."""
    monkeypatch.setattr(rows, "_FEWEST_ROWS", 3)
    monkeypatch.setattr(rows, "_MOST_MISSING", 0)
    monkeypatch.setattr(rows, "_SHARE_MISSING", 0.0)
    for table in kept_tables():
        table.unlink()


@pytest.fixture
def collection(few_photos):
    """Twelve photographs in two folders, of a time that is long past."""
    (few_photos / "b").mkdir()
    for number, file in enumerate(sorted(few_photos.glob("*.jpg"))):
        os.utime(file, (10**9, 10**9))
        if number % 2:
            file.rename(few_photos / "b" / file.name)
    return few_photos


def found(collection, **options):
    """Return the matches of an image, and how many images were not in the table."""
    listener = Reading()
    query = min(collection.glob("*.jpg"))
    result = imgsort.find(collection, query=query, top=50, listener=listener, **LITE, **options)
    return result.matches, listener.read


def without_table(collection):
    """Return the matches without any cache."""
    return imgsort.find(collection, query=min(collection.glob("*.jpg")), top=50, cache=False, **LITE).matches


def test_the_second_search_reads_the_table_only(collection):
    """The first search makes the table; the next one needs neither the files nor the store of features."""
    first, read = found(collection)
    assert read == 12
    assert len(kept_tables()) == 1
    for end in ("", "-wal", "-shm"):
        store_file().with_name(f"{store_file().name}{end}").unlink(missing_ok=True)
    assert found(collection) == (first, 0)
    assert first == without_table(collection)


def test_what_changed_counts_as_it_is_now(collection):
    """A changed, added, removed or moved file is seen, also one that keeps its size; the rest comes from the table."""
    found(collection)
    files = sorted((collection / "b").glob("*.jpg"))
    other = files[1].read_bytes()
    size = files[0].stat().st_size
    files[0].write_bytes(other[:size].ljust(size, b"\0"))  # its size stays, its time is new
    files[2].unlink()
    files[3].rename(collection / "moved.jpg")
    shutil.copy2(files[1], collection / "new.jpg")
    matches, read = found(collection)
    assert read == 3
    assert matches == without_table(collection)
    paths = [match.path for match in matches]
    assert "moved.jpg" in paths and "new.jpg" in paths
    assert not {f"b/{files[2].name}", f"b/{files[3].name}"} & set(paths)


def test_a_file_that_was_just_written_is_not_believed(collection):
    """A file that could change again within one tick of the clock has no row in the table."""
    young = collection / "b" / "young.jpg"
    shutil.copy(min((collection / "b").glob("*.jpg")), young)
    os.utime(young, (time.time() + 3600,) * 2)
    found(collection)
    assert found(collection)[1] == 1


def test_a_damaged_table_is_made_again(collection):
    """With bytes of its rows changed, a table is left out and a new one is made: the matches stay the same."""
    first, _ = found(collection)
    (table,) = kept_tables()
    whole = table.read_bytes()
    for at in (100, len(whole) - 40):
        table.write_bytes(whole[:at] + b"damage" + whole[at + 6 :])
        assert found(collection) == (first, 12)
        assert found(collection) == (first, 0)


def test_who_asks_for_reading_gets_it(collection):
    """`verify` reads every file, and without the cache no table is made."""
    found(collection, cache=False)
    assert kept_tables() == []
    first, _ = found(collection)
    assert found(collection, verify=True) == (first, 12)


def test_another_recipe_has_a_table_of_its_own(collection):
    """Features of another way to look are never taken for these."""
    first, _ = found(collection)
    listener = Reading()
    query = min(collection.glob("*.jpg"))
    other = imgsort.find(collection, query=query, top=50, listener=listener, **{**LITE, "fit": "letterbox"})
    assert (listener.read, len(kept_tables())) == (12, 2)
    assert other.matches != first


def test_the_cache_knows_its_tables(collection):
    """`cache info` counts them, `clear` removes them with the features, and `prune` removes them first."""
    found(collection)
    info = cache_info()
    assert info.tables == 1
    assert info.tables_bytes == kept_tables()[0].stat().st_size
    pruned = prune_cache(info.total_bytes - 1)
    assert (pruned.tables, pruned.rows) == (0, info.rows)
    found(collection, verify=True)
    assert cache_info().tables == 1
    assert clear_cache(features=True, models=False, weights=False, thumbnails=False).tables == 0
    assert kept_tables() == []


@pytest.mark.skipif(os.name == "nt", reason="needs links")
def test_a_link_is_known_by_what_it_leads_to(collection, tmp_path):
    """A link that leads to another file of the same size and time is seen with what it leads to now."""
    sources = []
    for number, file in enumerate(sorted((collection / "b").glob("*.jpg"))[:2]):
        source = tmp_path / f"{number}.jpg"
        source.write_bytes(file.read_bytes().ljust(200_000, b"\0"))
        os.utime(source, (10**9, 10**9))
        sources.append(source)
    link = collection / "link.jpg"
    link.symlink_to(sources[0])

    def distance():
        query = min(collection.glob("*.jpg"))
        matches = imgsort.find(collection, query=query, top=50, follow_links=True, **LITE).matches
        return next(match.distance for match in matches if match.path == "link.jpg")

    before = distance()
    link.unlink()
    link.symlink_to(sources[1])
    assert distance() != before
