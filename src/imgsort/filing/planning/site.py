"""Says where a run takes files from, where it puts them, and how."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from imgsort.errors import UsageError
from imgsort.filing.paths import (
    STATE_FOLDER,
)


class Mode(StrEnum):
    """How an image gets to its folder."""

    MOVE = "move"
    COPY = "copy"
    HARDLINK = "hardlink"
    SYMLINK = "symlink"


@dataclass(frozen=True)
class Site:
    """Where a run takes files from, where it puts them, and how.

    Sources are relative to `collection`, targets to `destination`. Both folders are absolute paths without
    links. `destination` is the collection itself unless files go outside it. If the output folder lies inside
    the collection, it is the `prefix` of every target.
    """

    collection: Path
    destination: Path
    mode: Mode = Mode.MOVE
    prefix: str = ""

    @property
    def is_within(self) -> bool:
        """Whether sources and targets lie under one root."""
        return self.collection == self.destination

    @property
    def output(self) -> Path:
        """The folder in which category folders appear."""
        return self.destination / self.prefix

    @property
    def roots(self) -> tuple[Path, ...]:
        """The folders whose `.imgsort` holds this run's file and lock."""
        if self.is_within:
            return (self.collection,)
        return (self.collection, self.destination) if self.mode is Mode.MOVE else (self.destination,)


def site_of(collection: Path, output: Path | None = None, mode: Mode = Mode.MOVE) -> Site:
    """Say where files go. The path `collection` has no links. Raises UsageError if `output` cannot be used."""
    if output is None:
        if mode is not Mode.MOVE:
            raise UsageError(f"--{mode} needs --output: a folder outside {collection} for the new files.")
        return Site(collection, collection)
    try:
        output = output.resolve()
    except (OSError, RuntimeError) as error:  # RuntimeError: a loop of links, before Python 3.13
        raise UsageError(f"{output}: this --output cannot be resolved ({error}). Give another folder.") from error
    if output.exists() and not output.is_dir():
        raise UsageError(f"{output}: --output is a file. Give a folder.")
    if STATE_FOLDER in output.parts:
        raise UsageError(
            f"{output}: --output lies in a folder that imgsort uses for its own records. Give another folder."
        )
    if not output.is_relative_to(collection):
        return Site(collection, output, mode)
    if mode is not Mode.MOVE:
        raise UsageError(f"{output}: with --{mode}, --output must lie outside the collection {collection}.")
    prefix = output.relative_to(collection).as_posix()
    return Site(collection, collection, mode, "" if prefix == "." else prefix)
