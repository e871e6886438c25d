"""Keeps features in a SQLite file: its tables, and every statement that uses them.

The table `features` holds features by recipe and content. The table `files` holds the content that a path had at a size
and a modification time. A problem with the file raises one of the errors in UNUSABLE; `feature_cache` then works
without the file.
"""

import contextlib
import os
import sqlite3
import time
import zlib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from imgsort.features.cache.folder import cache_folder

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

# A damaged file may give values of wrong types and invalid text before SQLite notices the damage.
UNUSABLE = (sqlite3.Error, OSError, ValueError, TypeError, AttributeError, LookupError, OverflowError)

_SCHEMA_VERSION = 1
_SCHEMA = (
    "CREATE TABLE recipes (id INTEGER PRIMARY KEY, recipe TEXT NOT NULL UNIQUE)",
    "CREATE TABLE features (recipe INTEGER NOT NULL, content BLOB NOT NULL, numbers BLOB NOT NULL, "
    "checksum INTEGER NOT NULL, used_day INTEGER NOT NULL, PRIMARY KEY (recipe, content))",
    "CREATE TABLE files (path BLOB PRIMARY KEY, size INTEGER NOT NULL, mtime_ns INTEGER NOT NULL, "
    "content BLOB NOT NULL) WITHOUT ROWID",
    f"PRAGMA user_version = {_SCHEMA_VERSION}",
)
_BUSY_SECONDS = 5.0
_RETRY_SECONDS = 0.02
# Old builds of SQLite allow at most 999 values in a statement.
_AT_A_TIME = 500
_DAY_SECONDS = 86400
# A row is written again to note that it is used. So its last use is known only to the week.
_DAYS_UNNOTED = 7
# So much memory holds the index of some hundred thousand rows, which would else be read again for each of them.
_CACHE_KB = 32_000


@dataclass(frozen=True)
class KnownFile:
    """A file as it was when it was read.

    `path` is absolute, `size` is in bytes, and `content` is the hash of the file's bytes, 64 hex digits.
    """

    path: str
    size: int
    mtime_ns: int
    content: str


STORE_NAME = "features.sqlite"


def store_file() -> Path:
    """Return the path of the file, which need not exist. Raises OSError."""
    return cache_folder() / STORE_NAME


class FeatureStore:
    """The open file, which is `store_file()` unless another `path` is given. Only one thread at a time may use it.

    Other processes may read and write the file meanwhile.
    """

    def __init__(self, path: Path | None = None) -> None:
        path = path or store_file()
        path.parent.mkdir(parents=True, exist_ok=True)
        self._database = sqlite3.connect(path, timeout=_BUSY_SECONDS, check_same_thread=False)
        self._today = int(time.time() // _DAY_SECONDS)
        try:
            self._set_up()
        except UNUSABLE:
            self._database.close()
            raise

    def _set_up(self) -> None:
        if self._version() not in (0, _SCHEMA_VERSION):
            raise sqlite3.DatabaseError("another version of imgsort made it")
        self._turn_to_wal()
        self._database.execute("PRAGMA synchronous = NORMAL")  # a power cut may lose the last second, never the file
        self._database.execute(f"PRAGMA cache_size = -{_CACHE_KB}")
        if self._version() == 0:
            with self._database:
                self._database.execute("BEGIN IMMEDIATE")
                if self._version() == 0:  # no other process has made the tables first
                    for statement in _SCHEMA:
                        self._database.execute(statement)

    def _turn_to_wal(self) -> None:
        """Let other processes read while one writes.

        SQLite does not wait for another process that makes the same change, so this method tries again.
        """
        deadline = time.monotonic() + _BUSY_SECONDS
        while True:
            try:
                self._database.execute("PRAGMA journal_mode = WAL")
                return
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                    raise
                time.sleep(_RETRY_SECONDS)

    def _version(self) -> int:
        (version,) = self._database.execute("PRAGMA user_version").fetchone()
        return int(version)

    def recipe_number(self, recipe: str) -> int:
        """Return the number that stands for a recipe in the other tables."""
        query = "SELECT id FROM recipes WHERE recipe = ?"
        if self._database.execute(query, (recipe,)).fetchone() is None:
            with self._database:
                self._database.execute("INSERT OR IGNORE INTO recipes (recipe) VALUES (?)", (recipe,))
        (number,) = self._database.execute(query, (recipe,)).fetchone()
        return int(number)

    def files(self, paths: Sequence[str]) -> Iterator[KnownFile]:
        """Yield the known files among these paths."""
        query = "SELECT path, size, mtime_ns, content FROM files WHERE path IN ({})"
        for path, size, mtime_ns, content in self._select(query, [os.fsencode(path) for path in paths]):
            yield KnownFile(os.fsdecode(path), size, mtime_ns, content.hex())

    def features(self, recipe: int, contents: Collection[str]) -> "Iterator[tuple[str, NDArray[np.float32]]]":
        """Yield content and features, float32 (width,), of each of `contents` that has features."""
        import numpy as np

        for content, numbers in self.blobs(recipe, contents):
            yield content, np.frombuffer(numbers, "<f4")

    def blobs(self, recipe: int, contents: Collection[str]) -> Iterator[tuple[str, bytes]]:
        """Yield content and bytes of each of `contents` that this recipe has whole bytes for."""
        keys = [bytes.fromhex(content) for content in contents]
        query = "SELECT content, numbers, checksum, used_day FROM features WHERE content IN ({}) AND recipe = ?"
        unused = []
        for content, numbers, checksum, used_day in self._select(query, keys, recipe):
            if _checksum(content, numbers) == checksum:
                yield content.hex(), numbers
                unused += [(self._today, recipe, content)] if used_day <= self._today - _DAYS_UNNOTED else []
        # This update fails if another process writes for long, or if the file is read-only. The bytes are yielded
        # all the same.
        if unused:
            with contextlib.suppress(sqlite3.OperationalError), self._database:
                self._database.executemany("UPDATE features SET used_day = ? WHERE recipe = ? AND content = ?", unused)

    def put(self, recipe: int, features: "Mapping[str, NDArray[np.float32]]", files: Iterable[KnownFile]) -> None:
        """Keep features by their content, and the content of files.

        All of it is kept, or nothing.
        """
        with self._database:
            self._insert(recipe, ((content, row.astype("<f4").tobytes()) for content, row in features.items()))
            self._database.executemany(
                "INSERT OR REPLACE INTO files VALUES (?, ?, ?, ?)",
                ((os.fsencode(file.path), file.size, file.mtime_ns, bytes.fromhex(file.content)) for file in files),
            )

    def put_blobs(self, recipe: int, blobs: Mapping[str, bytes]) -> None:
        """Keep bytes by their content: all of them, or none."""
        with self._database:
            self._insert(recipe, blobs.items())

    def _insert(self, recipe: int, blobs: Iterable[tuple[str, bytes]]) -> None:
        keyed = ((bytes.fromhex(content), numbers) for content, numbers in blobs)
        self._database.executemany(
            "INSERT OR REPLACE INTO features VALUES (?, ?, ?, ?, ?)",
            ((recipe, key, numbers, _checksum(key, numbers), self._today) for key, numbers in keyed),
        )

    def count_features(self, recipes: str = "") -> int:
        """Return the number of rows of features, of all recipes that begin with `recipes` together."""
        query = "SELECT COUNT(*) FROM features WHERE recipe IN (SELECT id FROM recipes WHERE SUBSTR(recipe, 1, ?) = ?)"
        whole = "SELECT COUNT(*) FROM features"
        found = self._database.execute(query, (len(recipes), recipes)) if recipes else self._database.execute(whole)
        (count,) = found.fetchone()
        return int(count)

    def remove_least_used(self, byte_count: int) -> int:
        """Remove about `byte_count` bytes of features; return the number of removed rows.

        The features that were not used for the longest time go first.
        """
        by_age = "SELECT rowid, LENGTH(numbers) FROM features ORDER BY used_day, rowid"
        doomed: list[tuple[int]] = []
        for row, size in self._database.execute(by_age):
            if byte_count <= 0:
                break
            doomed.append((row,))
            byte_count -= size
        with self._database:
            self._database.executemany("DELETE FROM features WHERE rowid = ?", doomed)
            self._database.execute("DELETE FROM files WHERE content NOT IN (SELECT content FROM features)")
        self._database.execute("VACUUM")
        self._database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return len(doomed)

    def close(self) -> None:
        """Close the file."""
        self._database.close()

    def _select(self, query: str, keys: Sequence[bytes], *others: int) -> Iterator[tuple[Any, ...]]:
        for start in range(0, len(keys), _AT_A_TIME):
            part = keys[start : start + _AT_A_TIME]
            # Fetch all rows at once: an unfinished statement keeps the file open.
            yield from self._database.execute(query.format(",".join("?" * len(part))), (*part, *others)).fetchall()


def _checksum(content: bytes, numbers: bytes) -> int:
    """Return a checksum of these numbers and their content.

    It shows whether the numbers are complete and belong to this content, because an index may be damaged too.
    """
    return zlib.crc32(numbers, zlib.crc32(content))
