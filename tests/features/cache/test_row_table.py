"""A table gives back the rows that were kept, or nothing: never others."""

import contextlib
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from imgsort.features.cache import row_table
from imgsort.features.cache.row_table import (
    DamagedTableError,
    RowTable,
    TableFile,
    TableWriter,
    kept_tables,
    table_key,
)

pytestmark = pytest.mark.usefixtures("own_folder")
KEY = table_key(Path("/photos"), "recipe")


def rows_of(count, width=6):
    return np.random.default_rng(count).standard_normal((count, width)).astype(np.float32)


def files_of(count):
    return [TableFile(f"folder/{n} \udcff.jpg", n, 10**18 + n, f"{n:064x}") for n in range(count)]


def keep(count, key=KEY):
    writer = TableWriter(key)
    writer.add(files_of(count), rows_of(count))
    writer.keep()


def read(key=KEY):
    """Return the files and rows of the table, or None."""
    table = RowTable.opened(key)
    if table is None:
        return None
    try:
        return table.files, np.concatenate(list(table.blocks()))
    finally:
        table.close()


@pytest.mark.parametrize("count", [1, row_table.BLOCK_ROWS, row_table.BLOCK_ROWS + 3])
def test_what_was_kept_comes_back(count):
    """Files and rows are the same, also at the border of a block; another key has no table."""
    keep(count)
    files, rows = read()
    assert files == files_of(count)
    assert np.array_equal(rows, rows_of(count))
    assert read(table_key(Path("/photos"), "another")) is None


def test_a_new_table_replaces_the_old_one():
    """There is one table for a key, and a process that reads the old one goes on reading it."""
    keep(5)
    old = RowTable.opened(KEY)
    keep(7)
    assert np.array_equal(next(old.blocks()), rows_of(5)) or os.name == "nt"
    old.close()
    assert len(read()[0]) == 7
    assert len(kept_tables()) == 1


def test_any_damage_is_noticed():
    """A table with any byte changed, cut short anywhere, or empty is removed: nothing wrong is ever read from it."""
    keep(3)
    (file,) = kept_tables()
    whole = file.read_bytes()
    damaged = [whole[:end] for end in range(0, len(whole), 7)]
    damaged += [whole[:at] + bytes([whole[at] ^ 0x41]) + whole[at + 1 :] for at in range(len(whole))]
    for data in damaged:
        file.write_bytes(data)
        with contextlib.suppress(DamagedTableError):
            assert read() is None
        assert not file.exists()
    keep(3)
    assert np.array_equal(read()[1], rows_of(3))


def test_it_belongs_to_its_key():
    """A table under the name of another collection's is not taken for it."""
    other = table_key(Path("/other"), "recipe")
    keep(3)
    (file,) = kept_tables()
    file.rename(row_table._path(other))
    assert read(other) is None
    assert kept_tables() == []


def test_there_are_only_so_many():
    """The table that was not used for the longest time goes; so does what a killed process left long ago."""
    keys = [table_key(Path(f"/photos/{number}"), "recipe") for number in range(row_table.MOST_TABLES + 1)]
    for age, key in enumerate(keys[:-1]):
        keep(2, key)
        os.utime(row_table._path(key), (10**9 + age, 10**9 + age))
    part = row_table._folder() / f"killed{row_table.PART}"
    part.write_bytes(b"half")
    os.utime(part, (10**9, 10**9))
    assert read(keys[0]) is not None  # it is used now, so the second one is the oldest
    keep(2, keys[-1])
    assert [read(key) is not None for key in keys] == [True, False, *[True] * (row_table.MOST_TABLES - 1)]
    assert not part.exists()


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs a device that is always full")
def test_nothing_is_kept_where_nothing_can_be():
    """A full disk leaves no table and no part, and raises nothing, whenever it is full."""
    for count in (3, row_table.BLOCK_ROWS):
        writer = TableWriter(KEY)
        writer._handle.close()
        writer._handle = open("/dev/full", "wb", buffering=0)  # noqa: SIM115
        writer.add(files_of(count), rows_of(count))
        writer.keep()
        assert kept_tables() == []


def test_who_gives_up_leaves_nothing():
    """A table that is not finished is no table."""
    writer = TableWriter(KEY)
    writer.add(files_of(3), rows_of(3))
    writer.give_up()
    assert (kept_tables(), read()) == ([], None)


WRITE = """
import sys, time
import numpy as np
from imgsort.features.cache.row_table import TableFile, TableWriter
key, count, slow = sys.argv[1], int(sys.argv[2]), sys.argv[3] == "slow"
rows = np.random.default_rng(count).standard_normal((count, 6)).astype(np.float32)
files = [TableFile(f"folder/{n} \\udcff.jpg", n, 10**18 + n, f"{n:064x}") for n in range(count)]
for _ in range(1 if slow else 20):
    writer = TableWriter(key)
    for start in range(0, count, 50):
        writer.add(files[start:start + 50], rows[start:start + 50])
        if start == 100: print("half", flush=True)
        if slow and start >= 100: time.sleep(0.05)
    writer.keep()
"""


def writer(count, how):
    command = [sys.executable, "-c", WRITE, KEY, str(count), how]
    return subprocess.Popen(command, stdout=subprocess.PIPE)


def test_a_killed_process_leaves_the_old_table():
    """Killed while it writes, a process leaves the table that was there, whole."""
    keep(9)
    with writer(5000, "slow") as process:
        process.stdout.readline()
        process.kill()
    assert np.array_equal(read()[1], rows_of(9))


def test_two_processes_at_once():
    """While two others keep replacing it, a reader sees one table or the other, always whole."""
    keep(200)
    with writer(300, "quick") as one, writer(400, "quick") as two:
        deadline = time.monotonic() + 30
        while (one.poll() is None or two.poll() is None) and time.monotonic() < deadline:
            files, rows = read()
            assert files == files_of(len(files))
            assert np.array_equal(rows, rows_of(len(files)))
    assert (one.returncode, two.returncode) == (0, 0)
    assert len(read()[0]) in (300, 400)
