"""Copies a file's bytes, mode and times; the copy is whole and on disk before it gets its name."""

import contextlib
import hashlib
import os
from pathlib import Path

from imgsort.content import open_regular
from imgsort.filing.journal.state import sync_file, write_all
from imgsort.filing.moving.one_file.checks import Refused
from imgsort.filing.moving.one_file.facts import keep_facts
from imgsort.filing.moving.one_file.placeholders import Announcer, replace_placeholder
from imgsort.filing.planning.plan import Move

_CHUNK_BYTES = 1024 * 1024


def copy_file(source: Path, target: Path, move: Move, temporary: Path, announcer: Announcer) -> None:
    """Copy `source` to `target` with mode and times; the copy is on disk before it gets its name.

    Raises Refused if the target is taken or the source is not the file of the plan. Raises OSError.
    """
    try:
        _copy_bytes(source, temporary, target, move)
        try:
            os.link(temporary, target)
        except FileExistsError as error:
            raise Refused("its new name was taken meanwhile") from error
        except OSError:
            replace_placeholder(temporary, target, move, announcer)
            return
    except (Refused, OSError):
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise
    os.unlink(temporary)


def _copy_bytes(source: Path, temporary: Path, target: Path, move: Move) -> None:
    """Copy to a new file with mode and times, and sync it. Raises Refused if the content is not the plan's."""
    with contextlib.suppress(FileNotFoundError):
        os.unlink(temporary)
    hasher = hashlib.sha256()
    with open(open_regular(source), "rb") as reader:
        writer = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
        try:
            while chunk := reader.read(_CHUNK_BYTES):
                hasher.update(chunk)
                write_all(writer, chunk, target)
            if hasher.hexdigest() != move.content:
                raise Refused("was changed since it was looked at")
            keep_facts(source, writer, temporary, target)
            sync_file(writer, temporary)
        finally:
            os.close(writer)
