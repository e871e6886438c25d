"""The SQLite file itself. Several processes find what was put into it, and damaged rows are not found."""

import os
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import closing

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imgsort.features.cache import feature_store
from imgsort.features.cache.feature_store import FeatureStore, KnownFile, store_file

ONE = np.array([1.5, -0.0, np.inf], np.float32)


pytestmark = pytest.mark.usefixtures("own_folder")


@pytest.fixture
def store():
    with closing(FeatureStore()) as opened:
        yield opened


def digest(number):
    """Return a hash that looks like a content hash: 64 hex digits."""
    return f"{number:064x}"


def change(statement, *values):
    """Change the file directly, not through the store."""
    with closing(sqlite3.connect(store_file())) as database, database:
        database.execute(statement, values)


def ask(statement):
    with closing(sqlite3.connect(store_file())) as database:
        return database.execute(statement).fetchall()


def test_the_file_is_in_the_cache_folder(own_folder):
    """Opening the file creates its folder, with all parents, and nothing else in it."""
    assert store_file() == own_folder / "features.sqlite"
    assert not own_folder.exists()
    FeatureStore().close()
    assert os.listdir(own_folder) == ["features.sqlite"]


@settings(max_examples=40, deadline=None)
@given(st.lists(st.binary(min_size=4, max_size=32), min_size=1, max_size=5))
def test_features_come_back_bit_for_bit(rows):
    """A later opening finds the same bits, whatever the numbers are. NaN and -0.0 are among them."""
    features = {digest(n): np.frombuffer(row[: len(row) // 4 * 4], "<f4") for n, row in enumerate(rows)}
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setenv("IMGSORT_CACHE_DIR", folder)
        with closing(FeatureStore()) as store:
            store.put(store.recipe_number("r"), features, [])
        with closing(FeatureStore()) as store:
            found = dict(store.features(store.recipe_number("r"), list(features)))
    assert {content: row.tobytes() for content, row in found.items()} == {
        content: row.tobytes() for content, row in features.items()
    }
    assert all(row.dtype == np.float32 for row in found.values())


@settings(max_examples=40, deadline=None)
@given(
    st.binary(min_size=1, max_size=40).filter(lambda name: b"\0" not in name),
    st.integers(0, 2**63 - 1),
    st.integers(-(2**63), 2**63 - 1),
)
@pytest.mark.skipif(sys.platform == "win32", reason="names are not bytes there")
def test_any_name_size_and_time_come_back(name, size, mtime_ns):
    """Any size and time come back, and so does any path. On Linux, a path may have any bytes."""
    file = KnownFile(os.fsdecode(b"/" + name), size, mtime_ns, digest(2**256 - 1))
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setenv("IMGSORT_CACHE_DIR", folder)
        with closing(FeatureStore()) as store:
            store.put(0, {}, [file])
            assert list(store.files([file.path, "/other than that, which is longer than any name"])) == [file]


def test_a_recipe_keeps_its_number(store):
    """A recipe has the same number in every process. Another recipe has another number."""
    first, second = store.recipe_number("a"), store.recipe_number("b")
    assert first != second
    with closing(FeatureStore()) as other:
        assert (other.recipe_number("b"), other.recipe_number("a")) == (second, first)


def test_another_recipe_sees_nothing(store):
    """Features are found by recipe and content together, not by one of them."""
    store.put(store.recipe_number("a"), {digest(1): ONE}, [])
    assert list(store.features(store.recipe_number("b"), [digest(1)])) == []
    assert list(store.features(store.recipe_number("a"), [digest(2)])) == []


def test_more_than_fits_one_statement(store):
    """1200 files and their features are found in one call."""
    contents = [digest(n) for n in range(1200)]
    files = [KnownFile(f"/photos/{n}.jpg", n, -n, contents[n]) for n in range(1200)]
    recipe = store.recipe_number("r")
    store.put(recipe, {content: np.full(2, n, np.float32) for n, content in enumerate(contents)}, files)
    assert {content: row[0] for content, row in store.features(recipe, contents)} == {
        content: n for n, content in enumerate(contents)
    }
    assert sorted(store.files([file.path for file in files]), key=lambda file: file.size) == files
    assert store.count_features() == 1200


def test_nothing_is_asked_for(store):
    """An empty list of paths or contents is no error."""
    assert list(store.files([])) == []
    assert list(store.features(1, [])) == []
    store.put(1, {}, [])
    assert store.count_features() == 0


def test_the_last_word_counts(store):
    """An entry that is put again replaces the old one."""
    recipe = store.recipe_number("r")
    for number in (1, 2):
        store.put(recipe, {digest(9): ONE * number}, [KnownFile("/a.jpg", number, 0, digest(number))])
    ((_, row),) = store.features(recipe, [digest(9)])
    assert row.tobytes() == (ONE * 2).tobytes()
    assert list(store.files(["/a.jpg"])) == [KnownFile("/a.jpg", 2, 0, digest(2))]
    assert store.count_features() == 1


def test_all_or_nothing(store):
    """If one of the files cannot be put, nothing is put."""
    recipe = store.recipe_number("r")
    with pytest.raises(ValueError, match="hex"):
        store.put(recipe, {digest(1): ONE}, [KnownFile("/a", 1, 1, digest(1)), KnownFile("/b", 1, 1, "no hex")])
    assert store.count_features() == 0
    assert list(store.files(["/a", "/b"])) == []


@pytest.mark.parametrize("numbers", [b"", b"\0\0\0\0", b"\0" * 11, ONE.tobytes()[:-1] + b"\1"])
def test_a_row_that_does_not_fit_its_checksum_is_not_used(store, numbers):
    """Features with changed or missing bytes are not found. The other rows are."""
    recipe = store.recipe_number("r")
    store.put(recipe, {digest(1): ONE, digest(2): ONE}, [])
    change("UPDATE features SET numbers = ? WHERE content = ?", numbers, bytes.fromhex(digest(1)))
    assert [content for content, _ in store.features(recipe, [digest(1), digest(2)])] == [digest(2)]


def test_a_use_is_remembered(store):
    """Features that are found count as used today. Other features keep the day of their last use."""
    today = int(time.time() // 86400)
    recipe = store.recipe_number("r")
    store.put(recipe, {digest(1): ONE, digest(2): ONE}, [])
    change("UPDATE features SET used_day = 1")
    assert len(list(store.features(recipe, [digest(1)]))) == 1
    (used,), (unused,) = ask("SELECT used_day FROM features ORDER BY content")
    assert today <= used <= today + 1
    assert unused == 1


def test_the_least_used_go_first(store):
    """The features that were unused for longest go first, until enough bytes are gone.

    The entries of their files go too, and the SQLite file shrinks.
    """
    recipe, other = store.recipe_number("r"), store.recipe_number("other")
    rows = {digest(n): np.zeros(1000, np.float32) for n in range(10)}
    store.put(recipe, rows, [KnownFile(f"/{n}", 1, 1, digest(n)) for n in range(10)])
    store.put(other, {digest(99): np.zeros(1000, np.float32)}, [])
    change("UPDATE features SET used_day = 5 + (content = ?)", bytes.fromhex(digest(3)))
    change("UPDATE features SET used_day = 2 WHERE content = ? OR recipe = ?", bytes.fromhex(digest(7)), other)
    assert store.remove_least_used(8000) == 2
    before = store_file().stat().st_size
    assert dict(store.features(recipe, list(rows))).keys() == rows.keys() - {digest(7)}
    assert list(store.features(other, [digest(99)])) == []
    assert list(store.files(["/7"])) == []
    assert len(list(store.files([f"/{n}" for n in range(10)]))) == 9
    change("UPDATE features SET used_day = 5 + (content = ?)", bytes.fromhex(digest(3)))
    assert store.remove_least_used(8 * 4000) == 8
    assert dict(store.features(recipe, list(rows))).keys() == {digest(3)}
    assert store_file().stat().st_size < before - 7 * 4000
    assert store.remove_least_used(0) == 0
    assert store.remove_least_used(10**12) == 1
    assert ask("PRAGMA integrity_check") == [("ok",)]


def test_a_recipe_at_work_keeps_its_number_while_another_process_prunes(store):
    """If a recipe is pruned during a run, the run's new features are found by this recipe alone."""
    mine = store.recipe_number("mine")
    with closing(FeatureStore()) as other:
        other.remove_least_used(1)
        others = other.recipe_number("others")
        store.put(mine, {digest(1): ONE}, [])
        assert list(other.features(others, [digest(1)])) == []


@pytest.mark.parametrize("version", [2, -1, 2**31 - 1])
def test_a_file_of_another_version_is_left_alone(version):
    """A file that another version of imgsort made is an error, and it is not changed."""
    FeatureStore().close()
    change(f"PRAGMA user_version = {version}")
    before = store_file().read_bytes()
    with pytest.raises(sqlite3.DatabaseError, match="another version"):
        FeatureStore()
    assert store_file().read_bytes() == before


def test_a_file_of_another_program_is_not_taken_apart(own_folder):
    """If tables of these names exist already, opening fails, and the tables keep their content."""
    own_folder.mkdir()
    change("CREATE TABLE features (mine)")
    change("INSERT INTO features VALUES (1)")
    with pytest.raises(sqlite3.Error):
        FeatureStore()
    assert ask("SELECT * FROM features") == [(1,)]
    assert ask("SELECT name FROM sqlite_master") == [("features",)]


@pytest.mark.parametrize("lock", ["EXCLUSIVE", "IMMEDIATE"])
def test_opening_waits_for_another_process_that_is_first(own_folder, monkeypatch, lock):
    """If another process is just creating the file, opening waits. This is no damage."""
    monkeypatch.setattr(feature_store, "_BUSY_SECONDS", 10.0)
    own_folder.mkdir()
    first = sqlite3.connect(store_file(), check_same_thread=False, isolation_level=None)
    first.execute(f"BEGIN {lock}")
    ends = threading.Timer(0.2, first.execute, ["COMMIT"])
    ends.start()
    try:
        with closing(FeatureStore()) as store:
            assert store.count_features() == 0
    finally:
        ends.join()
        first.close()


def test_a_locked_file_is_an_error_after_a_while(monkeypatch):
    """A store that cannot write for `_BUSY_SECONDS` raises an error and does not wait for ever."""
    monkeypatch.setattr(feature_store, "_BUSY_SECONDS", 0.05)
    with closing(FeatureStore()) as store, closing(sqlite3.connect(store_file(), isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            store.recipe_number("r")
        assert store.count_features() == 0  # reading still works
        other.execute("ROLLBACK")
        assert store.recipe_number("r") == 1


PUT = """
import sys
import numpy as np
from imgsort.features.cache.feature_store import FeatureStore, KnownFile
who = int(sys.argv[1])
print("ready", flush=True)
sys.stdin.readline()
store = FeatureStore()
recipe = store.recipe_number("r")
for n in range(30):
    content = f"{1000 * who + n:064x}"
    store.put(recipe, {content: np.full(8, who, np.float32)}, [KnownFile(f"/{who}/{n}", 1, 1, content)])
    store.recipe_number(f"{who} {n}")
store.close()
"""


def test_processes_that_make_it_and_write_at_once():
    """Four processes create the file and write to it at once. Each process succeeds, and nothing is lost."""
    at_work = [
        subprocess.Popen(
            [sys.executable, "-c", PUT, str(who)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for who in range(4)
    ]
    for process in at_work:
        assert process.stdout.readline() == "ready\n"
    for process in at_work:
        process.stdin.write("\n")
        process.stdin.flush()
    for process in at_work:
        process.communicate(timeout=60)
    assert [process.returncode for process in at_work] == [0, 0, 0, 0]
    contents = {digest(1000 * who + n): who for who in range(4) for n in range(30)}
    with closing(FeatureStore()) as store:
        found = dict(store.features(store.recipe_number("r"), list(contents)))
        assert {content: row[0] for content, row in found.items()} == contents
        assert len(list(store.files([f"/{who}/{n}" for who in range(4) for n in range(30)]))) == 120
    assert ask("PRAGMA integrity_check") == [("ok",)]


@pytest.mark.parametrize(("days_ago", "is_noted"), [(1, False), (6, False), (7, True), (400, True)])
def test_a_use_is_noted_once_a_week(store, days_ago, is_noted):
    """A row that was used lately is not written again: to note the use of a whole collection would take as long."""
    number = store.recipe_number("recipe")
    store.put(number, {digest(1): ONE}, [])
    change("UPDATE features SET used_day = used_day - ?", days_ago)
    before = ask("SELECT used_day FROM features")
    assert len(list(store.features(number, [digest(1)]))) == 1
    assert (ask("SELECT used_day FROM features") != before) is is_noted
