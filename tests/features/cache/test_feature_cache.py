"""Features kept between runs. They are found by path and by content, and they are never a reason to fail."""

import hashlib
import os
import random
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imgsort.features.cache import feature_cache, feature_store
from imgsort.features.cache.feature_cache import NO_CACHE, FeatureCache, NoCache, remember_files
from imgsort.features.cache.feature_store import KnownFile, store_file
from imgsort.images.finding.find import ImageFile

ROW = np.array([1.5, -0.0, np.inf, 1e-42], np.float32)
OLD_NS = 10**18


pytestmark = pytest.mark.usefixtures("own_folder")


@pytest.fixture
def photos(tmp_path):
    """A folder with three files that were last changed long ago."""
    folder = tmp_path / "photos"
    folder.mkdir()
    for name in ("a.jpg", "b.jpg", "c.jpg"):
        (folder / name).write_bytes(name.encode())
        os.utime(folder / name, ns=(OLD_NS, OLD_NS))
    return folder


def opened(recipe="recipe", **options):
    """Return the cache, for use in `with`, which closes it.

    A notice fails the test, unless the test gives another `notice`.
    """
    return closing(FeatureCache(recipe, **{"notice": pytest.fail, **options}))


def listed(root, *names):
    """Return the files in the form in which a listing has them."""
    stats = [(name, os.stat(root / name)) for name in names or sorted(os.listdir(root))]
    return [ImageFile(name, stat.st_size, stat.st_mtime_ns) for name, stat in stats]


def digest(data):
    return hashlib.sha256(data).hexdigest()


def content_of(root, file):
    return digest((root / file.path).read_bytes())


def fill(root, recipe="recipe"):
    """Keep features of all files in `root`. Each file has features of its own."""
    with opened(recipe) as cache:
        for number, file in enumerate(listed(root)):
            cache.keep(root, file, content_of(root, file), ROW + number)


def known(cache, root, files):
    return {files[number].path: row[0] - ROW[0] for number, _, row in cache.known_rows(root, files)}


def knows_nothing(cache, root):
    """Say whether the cache finds nothing, and still finds nothing after it was given new features."""
    files = listed(root)
    found = [*cache.known_rows(root, files), *filter(None, [cache.features_of(content_of(root, files[0]))])]
    cache.keep(root, files[0], digest(b"new"), ROW)
    return found == [] and cache.features_of(digest(b"new")) is None


def test_unchanged_files_are_known_by_path(photos):
    """Unchanged files are found by path, without any file being read.

    The number, the content hash and the features of each file come back, bit for bit.
    """
    fill(photos)
    files = listed(photos)
    contents = [content_of(photos, file) for file in files]
    shutil.move(photos, photos.with_name("elsewhere"))
    with opened() as cache:
        rows = sorted(cache.known_rows(photos, files), key=lambda row: row[0])
    assert [(number, content) for number, content, _ in rows] == list(enumerate(contents))
    assert [row.tobytes() for *_, row in rows] == [(ROW + number).tobytes() for number in range(3)]


@settings(max_examples=40, deadline=None)
@given(st.binary(min_size=4, max_size=64))
def test_features_come_back_bit_for_bit(numbers):
    """The next run finds the same bits, whatever the numbers are. NaN and -0.0 are among them."""
    row = np.frombuffer(numbers[: len(numbers) // 4 * 4], "<f4")
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setenv("IMGSORT_CACHE_DIR", folder)
        with opened() as cache:
            cache.keep(Path("/x"), ImageFile("a", 1, 1), digest(b"a"), row)
        with opened() as cache:
            found = cache.features_of(digest(b"a"))
    assert found.dtype == np.float32
    assert found.tobytes() == row.tobytes()


def test_another_recipe_sees_nothing(photos):
    """Features of one recipe are not found with another recipe, by path or by content.

    Each recipe finds its own features.
    """
    fill(photos)
    with opened("another") as cache:
        assert known(cache, photos, listed(photos)) == {}
        assert cache.features_of(digest(b"a.jpg")) is None
        cache.keep(photos, listed(photos)[0], digest(b"a.jpg"), ROW + 7)
    with opened("another") as cache:
        assert known(cache, photos, listed(photos)) == {"a.jpg": 7}
    with opened() as cache:
        assert known(cache, photos, listed(photos)) == {"a.jpg": 0, "b.jpg": 1, "c.jpg": 2}


def test_moved_renamed_and_copied_files_are_known_by_content(photos, tmp_path):
    """A file is not known at a new path, but its bytes are known wherever they are."""
    fill(photos)
    (photos / "b.jpg").rename(photos / "renamed.jpg")
    shutil.copy2(photos / "a.jpg", photos / "copied.jpg")
    (tmp_path / "other").mkdir()
    shutil.move(photos / "c.jpg", tmp_path / "other" / "c.jpg")
    with opened() as cache:
        assert known(cache, photos, listed(photos)) == {"a.jpg": 0}
        assert known(cache, tmp_path / "other", listed(tmp_path / "other")) == {}
        for name, number in (("renamed.jpg", 1), ("copied.jpg", 0)):
            assert cache.features_of(digest((photos / name).read_bytes()))[0] == ROW[0] + number
        assert cache.features_of(digest(b"c.jpg"))[0] == ROW[0] + 2
        assert cache.features_of(digest(b"unknown")) is None


def test_a_changed_file_is_not_known_by_its_path(photos):
    """A file with another size is another file. So is one whose time differs by one nanosecond."""
    fill(photos)
    files = listed(photos)
    with opened() as cache:
        for size, mtime_ns in ((6, OLD_NS), (4, OLD_NS), (5, OLD_NS + 1), (5, OLD_NS - 1)):
            assert known(cache, photos, [ImageFile("a.jpg", size, mtime_ns), *files[1:]]) == {"b.jpg": 1, "c.jpg": 2}
    (photos / "a.jpg").write_bytes(b"a.jpg, changed")
    with opened() as cache:
        assert known(cache, photos, listed(photos)) == {"b.jpg": 1, "c.jpg": 2}


def test_a_path_that_is_given_another_way(photos, monkeypatch):
    """A relative folder and a parent folder lead to the same files.

    The same file name in another folder is another file.
    """
    fill(photos)
    monkeypatch.chdir(photos.parent)
    with opened() as cache:
        assert known(cache, Path("photos"), listed(photos)) == {"a.jpg": 0, "b.jpg": 1, "c.jpg": 2}
        assert known(cache, photos.parent, [ImageFile("photos/a.jpg", 5, OLD_NS)]) == {"photos/a.jpg": 0}
        assert known(cache, photos.parent, listed(photos)) == {}


def test_verify_knows_no_path(photos):
    """With `verify`, no file is known by its path, so every file must be read.

    Its content is still known, and new entries are still kept.
    """
    fill(photos)
    with opened(verify=True) as cache:
        assert known(cache, photos, listed(photos)) == {}
        assert cache.features_of(digest(b"a.jpg")) is not None
        cache.keep(photos, listed(photos)[0], digest(b"b.jpg"), None)
    with opened() as cache:
        assert known(cache, photos, listed(photos)) == {"a.jpg": 1, "b.jpg": 1, "c.jpg": 2}


@pytest.mark.parametrize(("age_seconds", "remembered"), [(-60, False), (0, False), (1.5, False), (5, True)])
def test_a_file_that_was_just_changed_is_not_remembered_by_its_path(photos, age_seconds, remembered):
    """A file that has just changed is known by its content alone.

    This is a file that changed less than two seconds before the cache was opened, or later.
    """
    mtime_ns = time.time_ns() - int(age_seconds * 1e9)
    os.utime(photos / "a.jpg", ns=(mtime_ns, mtime_ns))
    fill(photos)
    with opened() as cache:
        assert ("a.jpg" in known(cache, photos, listed(photos))) == remembered
        assert cache.features_of(digest(b"a.jpg")) is not None


def test_a_path_without_its_features(photos):
    """The cache may keep which content a file has, without features.

    The file is known as soon as there are features for this content.
    """
    files = listed(photos)
    with opened() as cache:
        cache.keep(photos, files[0], digest(b"x"), None)
    with opened() as cache:
        assert known(cache, photos, files) == {}
        cache.keep(photos, files[1], digest(b"x"), ROW)
    with opened() as cache:
        assert known(cache, photos, files) == {"a.jpg": 0, "b.jpg": 0}


def test_damaged_features_are_not_used(photos):
    """A row that does not fit its checksum is not used, by path or by content.

    There is no notice, and the other rows are used.
    """
    fill(photos)
    with closing(sqlite3.connect(store_file())) as database, database:
        damaged = (bytes.fromhex(digest(b"a.jpg")),)
        database.execute("UPDATE features SET numbers = zeroblob(16) WHERE content = ?", damaged)
    with opened() as cache:
        assert known(cache, photos, listed(photos)) == {"b.jpg": 1, "c.jpg": 2}
        assert cache.features_of(digest(b"a.jpg")) is None
        cache.keep(photos, listed(photos)[0], digest(b"a.jpg"), ROW)
    with opened() as cache:
        assert known(cache, photos, listed(photos)) == {"a.jpg": 0, "b.jpg": 1, "c.jpg": 2}


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="names are not bytes there")
def test_names_that_are_not_utf_8(tmp_path):
    """Folders and files whose names have any bytes are known like all others."""
    folder = tmp_path / os.fsdecode(b"caf\xe9")
    folder.mkdir()
    for name in (b"\xff.jpg", b"\xfe.jpg", "ÿ.jpg".encode()):
        (folder / os.fsdecode(name)).write_bytes(name)
        os.utime(folder / os.fsdecode(name), ns=(OLD_NS, OLD_NS))
    fill(folder)
    with opened() as cache:
        assert len(known(cache, folder, listed(folder))) == 3
        assert len(known(cache, folder, [ImageFile(os.fsdecode(b"\xff.jpg"), 5, OLD_NS)])) == 1
        assert known(cache, folder, [ImageFile(os.fsdecode(b"\xfd.jpg"), 5, OLD_NS)]) == {}


def test_many_files():
    """1200 files are found in a listing that has other files too. Some have the same content."""
    root = Path("/photos")
    files = [ImageFile(f"{number}.jpg", number, OLD_NS) for number in range(1200)]
    with opened() as cache:
        for file in files:
            cache.keep(root, file, digest(b"%d" % (file.size // 2)), np.full(3, file.size // 2, np.float32))
    with opened() as cache:
        asked = [file for number in range(1200) for file in (ImageFile(f"new{number}.jpg", 1, OLD_NS), files[number])]
        rows = sorted(cache.known_rows(root, asked), key=lambda row: row[0])
    assert [number for number, *_ in rows] == list(range(1, 2400, 2))
    assert [content for _, content, _ in rows] == [digest(b"%d" % (number // 2)) for number in range(1200)]
    assert [row[0] for *_, row in rows] == [number // 2 for number in range(1200)]


def test_what_is_kept_is_written_about_once_a_second(photos, monkeypatch):
    """New entries are written about once a second, so another process sees them before the run ends."""
    files = listed(photos)
    with opened() as cache, opened() as other:
        cache.keep(photos, files[0], digest(b"a.jpg"), ROW)
        assert other.features_of(digest(b"a.jpg")) is None
        monkeypatch.setattr(feature_cache, "_WRITE_SECONDS", 0.0)
        cache.keep(photos, files[1], digest(b"b.jpg"), ROW)
        assert known(other, photos, files) == {"a.jpg": 0, "b.jpg": 0}
    assert feature_cache._WRITE_SECONDS == 0.0


def test_closing_twice(photos):
    """A closed cache knows nothing and keeps nothing. Closing it again is no error."""
    cache = FeatureCache("recipe", notice=pytest.fail)
    cache.keep(photos, listed(photos)[0], digest(b"a.jpg"), ROW)
    cache.close()
    assert knows_nothing(cache, photos)
    cache.close()
    with opened() as again:
        assert known(again, photos, listed(photos)) == {"a.jpg": 0}


def test_no_cache(photos, own_folder):
    """`NoCache` knows nothing, keeps nothing and creates nothing on disk."""
    assert isinstance(NO_CACHE, NoCache)
    assert knows_nothing(NO_CACHE, photos)
    NO_CACHE.close()
    assert not own_folder.exists()


# ---- failures


def not_a_database(folder):
    folder.mkdir()
    store_file().write_bytes(random.Random(1).randbytes(20000))


def a_folder_in_place_of_the_file(_):
    store_file().mkdir(parents=True)


def of_another_version(folder):
    folder.mkdir()
    with closing(sqlite3.connect(store_file())) as database:
        database.execute("PRAGMA user_version = 7")


def of_another_program(folder):
    folder.mkdir()
    with closing(sqlite3.connect(store_file())) as database:
        database.execute("CREATE TABLE features (mine)")


def without_its_tables(folder):
    FeatureCache("recipe", notice=pytest.fail).close()
    with closing(sqlite3.connect(store_file())) as database:
        database.execute("DROP TABLE recipes")


def is_one_notice(notices):
    """Say whether there is exactly one notice, which names the file and both remedies."""
    (notice,) = notices
    return (
        notice.startswith(f"{store_file()}: the cache cannot be used (")
        and "`imgsort cache clear --features`" in notice
        and "--no-cache" in notice
    )


@pytest.mark.parametrize(
    "harm",
    [
        not_a_database,
        a_folder_in_place_of_the_file,
        of_another_version,
        of_another_program,
        without_its_tables,
    ],
)
def test_a_file_that_cannot_be_used(photos, own_folder, harm):
    """If the file cannot be used, one notice names the file and the remedy.

    After that, the cache knows nothing, keeps nothing and raises nothing.
    """
    harm(own_folder)
    # The first 100 bytes are SQLite's header. Opening the file may change it, because it says whether there is a log.
    before = store_file().read_bytes()[100:] if store_file().is_file() else None
    notices = []
    with opened(notice=notices.append) as cache:
        assert knows_nothing(cache, photos)
    assert is_one_notice(notices)
    assert before is None or store_file().read_bytes()[100:] == before
    remember_files([KnownFile("/a.jpg", 1, 1, digest(b""))], time.time_ns())


def test_a_file_that_another_process_locks(photos, monkeypatch):
    """Features in a locked file are found, but nothing can be added.

    One notice says so. The next run works as usual.
    """
    monkeypatch.setattr(feature_store, "_BUSY_SECONDS", 0.05)
    fill(photos)
    notices = []
    with closing(sqlite3.connect(store_file(), isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        with opened(notice=notices.append) as cache:
            assert len(known(cache, photos, listed(photos))) == 3
            cache.keep(photos, listed(photos)[0], digest(b"new"), ROW)
        remember_files([KnownFile("/a.jpg", 1, 1, digest(b""))], time.time_ns())
    assert is_one_notice(notices)
    assert "locked" in notices[0]
    with opened() as cache:
        assert len(known(cache, photos, listed(photos))) == 3


def test_a_new_file_that_another_process_locks(photos, own_folder, monkeypatch):
    """If the locked file is still empty, there is one notice too, and the cache knows nothing."""
    monkeypatch.setattr(feature_store, "_BUSY_SECONDS", 0.05)
    own_folder.mkdir()
    notices = []
    with closing(sqlite3.connect(store_file(), isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        with opened(notice=notices.append) as cache:
            assert knows_nothing(cache, photos)
    assert is_one_notice(notices)


def test_a_lock_that_comes_midway(photos, monkeypatch):
    """A run that can no longer write gives one notice and goes on without the cache."""
    monkeypatch.setattr(feature_store, "_BUSY_SECONDS", 0.05)
    monkeypatch.setattr(feature_cache, "_WRITE_SECONDS", 0.0)
    notices = []
    with (
        opened(notice=notices.append) as cache,
        closing(sqlite3.connect(store_file(), isolation_level=None)) as other,
    ):
        other.execute("BEGIN EXCLUSIVE")
        for _ in range(3):
            cache.keep(photos, listed(photos)[0], digest(b"a.jpg"), ROW)
        other.execute("ROLLBACK")
        assert knows_nothing(cache, photos)
    assert is_one_notice(notices)


@pytest.mark.parametrize("ask", ["by path", "by content", "keep"])
def test_a_file_that_becomes_damaged_midway(photos, ask):
    """If the file is overwritten during a run, the next use gives one notice. The run goes on without the cache."""
    fill(photos)
    notices = []
    with opened(notice=notices.append) as cache:
        size = store_file().stat().st_size
        with open(store_file(), "r+b") as file:
            file.seek(4096)
            file.write(random.Random(1).randbytes(size - 4096))
        if ask == "by path":
            assert list(cache.known_rows(photos, listed(photos))) == []
        elif ask == "by content":
            assert cache.features_of(digest(b"a.jpg")) is None
        else:
            cache.keep(photos, listed(photos)[0], digest(b"a.jpg"), ROW)
            cache.close()
        assert is_one_notice(notices)
        assert knows_nothing(cache, photos)
    assert len(notices) == 1


def damaged_at(good, position, bit):
    """Return the file's bytes with one bit flipped."""
    return good[:position] + bytes([good[position] ^ 1 << bit]) + good[position + 1 :]


@pytest.fixture(scope="module")
def good_file(tmp_path_factory):
    """The bytes of a file with eight different rows, and the positions of its bytes that are not zero."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("IMGSORT_CACHE_DIR", str(tmp_path_factory.mktemp("good")))
        with opened() as cache:
            for number in range(8):
                cache.keep(Path("/x"), ImageFile(f"{number}", 1, 1), digest(b"%d" % number), ROW + number)
        good = store_file().read_bytes()
    return good, [position for position, byte in enumerate(good) if byte]


@settings(max_examples=150, deadline=None, derandomize=True)
@given(data=st.data())
def test_any_damaged_bit(good_file, data):
    """A flipped bit, anywhere in the file, never gives the features of another image.

    It causes no error, and one notice at most.
    """
    good, written = good_file
    damaged = damaged_at(good, data.draw(st.sampled_from(written)), data.draw(st.integers(0, 7)))
    root, files, notices = Path("/x"), [ImageFile(f"{number}", 1, 1) for number in range(8)], []
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setenv("IMGSORT_CACHE_DIR", folder)
        store_file().write_bytes(damaged)
        with opened(notice=notices.append) as cache:
            for _, content, row in cache.known_rows(root, files):
                right = [ROW + number for number in range(8) if digest(b"%d" % number) == content]
                assert [row.tobytes()] == [features.tobytes() for features in right]
            for number in range(8):
                found = cache.features_of(digest(b"%d" % number))
                assert found is None or found.tobytes() == (ROW + number).tobytes()
            cache.keep(root, files[0], digest(b"new"), ROW)
    assert len(notices) <= 1


@pytest.mark.parametrize("column", ["numbers", "used_day"])
def test_a_value_of_another_type(photos, column):
    """Text in place of bytes or a number is damage like any other."""
    fill(photos)
    with closing(sqlite3.connect(store_file())) as database, database:
        database.execute(f"UPDATE features SET {column} = 'text'")
    notices = []
    with opened(notice=notices.append) as cache:
        cache.features_of(digest(b"a.jpg"))
        list(cache.known_rows(photos, listed(photos)))
    assert len(notices) <= 1


def test_a_time_before_1677():
    """The path of a file with a time before 1677 is not remembered. Nothing else goes wrong.

    A file may have any time: tmpfs and btrfs keep 64 bits of seconds.
    """
    notices = []
    with opened(notice=notices.append) as cache:
        cache.keep(Path("/x"), ImageFile("a", 1, -(10**19)), digest(b"a"), ROW)
        cache.keep(Path("/x"), ImageFile("b", 1, 1), digest(b"b"), ROW)
    with opened() as cache:
        assert cache.features_of(digest(b"b")) is not None
    assert notices == []


# ---- several threads and processes at once


def test_several_threads(monkeypatch):
    """Eight threads ask and keep at once, and none fails. Each thread finds what is there, and everything is kept."""
    monkeypatch.setattr(feature_cache, "_WRITE_SECONDS", 0.0)
    root, errors = Path("/x"), []
    with opened() as cache:
        cache.keep(root, ImageFile("first", 1, 1), digest(b"first"), ROW)

    def work(who, cache):
        try:
            for number in range(25):
                file = ImageFile(f"{who} {number}", 1, 1)
                cache.keep(root, file, digest(file.path.encode()), ROW + who)
                assert known(cache, root, [ImageFile("first", 1, 1)]) == {"first": 0}
                assert cache.features_of(digest(b"first")).tobytes() == ROW.tobytes()
        except BaseException as error:  # noqa: BLE001 (a thread's error must reach the test)
            errors.append(error)

    with opened() as cache:
        threads = [threading.Thread(target=work, args=(who, cache)) for who in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert errors == []
    names = [f"{who} {number}" for who in range(8) for number in range(25)]
    with opened() as cache:
        assert all(cache.features_of(digest(name.encode()))[0] == ROW[0] + int(name[0]) for name in names)


KEEP = """
import hashlib, sys
from pathlib import Path
import numpy as np
from imgsort.features.cache import feature_cache
from imgsort.images.finding.find import ImageFile
who, many, feature_cache._WRITE_SECONDS = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
cache = feature_cache.FeatureCache("recipe", notice=sys.exit)
print("ready", flush=True)
sys.stdin.readline()
for number in range(many):
    name = f"{who}{number}"
    before = cache._written
    content = hashlib.sha256(name.encode()).hexdigest()
    cache.keep(Path("/x"), ImageFile(name, 1, 1), content, np.full(100, number, np.float32))
    if cache._written != before:
        print(number, flush=True)
cache.close()
"""


def start_keeping(who, many, write_seconds):
    """Return a process that keeps `many` rows after it gets a line of input.

    It prints the number of a row each time it has written up to this row.
    """
    process = subprocess.Popen(
        [sys.executable, "-c", KEEP, who, str(many), str(write_seconds)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout.readline() == "ready\n"
    return process


def test_two_processes_at_once():
    """Two runs that write at once both succeed, without a notice. Nothing is lost."""
    both = [start_keeping(who, 200, 0.0) for who in "ab"]
    for process in both:
        process.stdin.write("\n")
        process.stdin.flush()
    for process in both:
        said, _ = process.communicate(timeout=60)
        assert process.returncode == 0
        assert len(said.splitlines()) > 100, "it wrote too seldom to be in another's way"
    files = [ImageFile(f"{who}{number}", 1, 1) for who in "ab" for number in range(200)]
    with opened() as cache:
        assert {files[number].path: row[0] for number, _, row in cache.known_rows(Path("/x"), files)} == {
            file.path: int(file.path[1:]) for file in files
        }


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
def test_a_process_that_is_killed():
    """After SIGKILL, all written rows are there and the file is undamaged."""
    with start_keeping("a", 10**9, 0.02) as process:
        process.stdin.write("\n")
        process.stdin.flush()
        written = [int(process.stdout.readline()) for _ in range(5)]
        process.kill()
    assert process.returncode < 0
    files = [ImageFile(f"a{number}", 1, 1) for number in range(written[-1] + 1)]
    with opened() as cache:
        assert len(list(cache.known_rows(Path("/x"), files))) == len(files)
    with closing(sqlite3.connect(store_file())) as database:
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


# ---- files that a run has moved


def test_files_are_remembered_at_their_new_places(photos, tmp_path):
    """A file that a run has moved is known at its new path without being read. The old path is not needed for this."""
    fill(photos)
    moved = tmp_path / "sorted"
    shutil.copytree(photos, moved)
    stamps = {file.path: file for file in listed(moved)}
    with opened() as cache:
        assert known(cache, moved, listed(moved)) == {}
    remember_files(
        (
            KnownFile(str(moved / name), file.size, file.mtime_ns, content_of(moved, file))
            for name, file in stamps.items()
        ),
        time.time_ns(),
    )
    with opened() as cache:
        assert known(cache, moved, listed(moved)) == {"a.jpg": 0, "b.jpg": 1, "c.jpg": 2}
        assert known(cache, photos, listed(photos)) == {"a.jpg": 0, "b.jpg": 1, "c.jpg": 2}


def test_a_file_that_was_changed_while_it_was_read_is_not_remembered(photos):
    """A file that changed shortly before it was read is not remembered.

    It changed less than two seconds before the first file was read. So its hash may be of other bytes.
    """
    fill(photos)
    now = time.time_ns()
    for age_ns, expected in ((1_999_999_999, {}), (2_000_000_001, {"new.jpg": 0})):
        file = ImageFile("new.jpg", 5, now - age_ns)
        remember_files([KnownFile(str(photos / "new.jpg"), 5, file.mtime_ns, digest(b"a.jpg"))], now)
        with opened() as cache:
            assert known(cache, photos, [file]) == expected


def test_nothing_to_remember(own_folder):
    """Remembering no file is no error."""
    remember_files([], time.time_ns())
    with opened() as cache:
        assert list(cache.known_rows(own_folder, [])) == []
