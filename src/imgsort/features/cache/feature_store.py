"""The SQLite file that features are kept in: its tables, and every statement that touches them.

`features` are found by recipe and content, `files` say which content a path had at a size and a time.
What is wrong with the file is raised as one of UNUSABLE; `feature_cache` makes do without.
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

# A file that is damaged inside gives values of other types, and text that is none, before SQLite notices.
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
# SQLite allows 999 values in a statement where it was built long ago.
_AT_A_TIME = 500
_DAY_SECONDS = 86400


@dataclass(frozen=True)
class KnownFile:
    """A file as it was when it was read: absolute `path`, size in bytes, and the hash of its bytes, 64 hex digits."""

    path: str
    size: int
    mtime_ns: int
    content: str


def store_file() -> Path:
    """Return where the file is, or would be."""
    return cache_folder() / "features.sqlite"


class FeatureStore:
    """The file, open. One thread at a time; other processes may read and write it meanwhile."""

    def __init__(self) -> None:
        path = store_file()
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
        self._database.execute("PRAGMA synchronous = NORMAL")  # a power cut may cost the last second, never the file
        if self._version() == 0:
            with self._database:
                self._database.execute("BEGIN IMMEDIATE")
                if self._version() == 0:  # no other process was first
                    for statement in _SCHEMA:
                        self._database.execute(statement)

    def _turn_to_wal(self) -> None:
        """Let others read while one writes. SQLite does not wait for another process that does the same."""
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
        """Yield what is known of the files at these paths."""
        query = "SELECT path, size, mtime_ns, content FROM files WHERE path IN ({})"
        for path, size, mtime_ns, content in self._select(query, [os.fsencode(path) for path in paths]):
            yield KnownFile(os.fsdecode(path), size, mtime_ns, content.hex())

    def features(self, recipe: int, contents: Collection[str]) -> "Iterator[tuple[str, NDArray[np.float32]]]":
        """Yield content and features, float32 (width,), of those contents that there are features of."""
        import numpy as np

        keys = [bytes.fromhex(content) for content in contents]
        query = "SELECT content, numbers, checksum, used_day FROM features WHERE content IN ({}) AND recipe = ?"
        unused = []
        for content, numbers, checksum, used_day in self._select(query, keys, recipe):
            if _checksum(content, numbers) == checksum:
                yield content.hex(), np.frombuffer(numbers, "<f4")
                unused += [(self._today, recipe, content)] if used_day < self._today else []
        # What was found is given all the same where another process is writing for long, or the file is read-only.
        if unused:
            with contextlib.suppress(sqlite3.OperationalError), self._database:
                self._database.executemany("UPDATE features SET used_day = ? WHERE recipe = ? AND content = ?", unused)

    def put(self, recipe: int, features: "Mapping[str, NDArray[np.float32]]", files: Iterable[KnownFile]) -> None:
        """Keep features by the content that they are of, and which content files have, at once or not at all."""
        with self._database:
            self._database.executemany(
                "INSERT OR REPLACE INTO features VALUES (?, ?, ?, ?, ?)",
                (self._feature_row(recipe, content, row) for content, row in features.items()),
            )
            self._database.executemany(
                "INSERT OR REPLACE INTO files VALUES (?, ?, ?, ?)",
                ((os.fsencode(file.path), file.size, file.mtime_ns, bytes.fromhex(file.content)) for file in files),
            )

    def _feature_row(self, recipe: int, content: str, features: "NDArray[np.float32]") -> tuple[Any, ...]:
        numbers = features.astype("<f4").tobytes()
        key = bytes.fromhex(content)
        return recipe, key, numbers, _checksum(key, numbers), self._today

    def count_features(self) -> int:
        """Return how many rows of features there are, of all recipes."""
        (count,) = self._database.execute("SELECT COUNT(*) FROM features").fetchone()
        return int(count)

    def remove_least_used(self, byte_count: int) -> int:
        """Remove features of about so many bytes, those first that were not used for longest; return how many rows."""
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
        """Let go of the file."""
        self._database.close()

    def _select(self, query: str, keys: Sequence[bytes], *others: int) -> Iterator[tuple[Any, ...]]:
        for start in range(0, len(keys), _AT_A_TIME):
            part = keys[start : start + _AT_A_TIME]
            # All at once: a statement that is left half way keeps the file open.
            yield from self._database.execute(query.format(",".join("?" * len(part))), (*part, *others)).fetchall()


def _checksum(content: bytes, numbers: bytes) -> int:
    """Return what tells that these numbers are whole, and are of this content: an index may be damaged too."""
    return zlib.crc32(numbers, zlib.crc32(content))
