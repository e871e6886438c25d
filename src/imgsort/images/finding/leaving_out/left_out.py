"""Counts what a listing left out, and says it in one line."""

from collections.abc import Iterator
from dataclasses import dataclass, fields

_MOST_NAMED = 3


@dataclass(frozen=True)
class LeftOut:
    """What a listing left out. Each field holds paths that are relative to the collection.

    `system`: the folders that programs and devices make for themselves.
    `nomedia`: the folders that hold a file `.nomedia`.
    `links`: links to images, which are not followed.
    `doubles`: links to images that are there under another name already.
    The others: the folders and files that a pattern of `--exclude` or `.imgsortignore` matches.
    """

    system: tuple[str, ...] = ()
    nomedia: tuple[str, ...] = ()
    excluded_folders: tuple[str, ...] = ()
    excluded_files: tuple[str, ...] = ()
    ignored_folders: tuple[str, ...] = ()
    ignored_files: tuple[str, ...] = ()
    links: tuple[str, ...] = ()
    doubles: tuple[str, ...] = ()

    def __add__(self, other: "LeftOut") -> "LeftOut":
        """Return what two listings left out together."""
        return LeftOut(*(getattr(self, field.name) + getattr(other, field.name) for field in fields(self)))

    def told(self) -> str:
        """Return what was left out and how to take it in, or nothing."""
        return " ".join(sentence for sentence in (self._told_of_rules(), *self._told_of_links()) if sentence)

    def _told_of_links(self) -> Iterator[str]:
        if self.links:
            yield f"left out: {_count(self.links, 'link')} to images. --follow-links takes them in."
        if self.doubles:
            yield f"{_count(self.doubles, 'link')} to images that count already under another name: left out."

    def _told_of_rules(self) -> str:
        parts = [
            _folders(self.system, "system folder"),
            _folders(self.nomedia, "folder", " with .nomedia"),
            _matched(self.excluded_folders, self.excluded_files, "--exclude"),
            _matched(self.ignored_folders, self.ignored_files, ".imgsortignore"),
        ]
        told = ", ".join(part for part in parts if part)
        return f"left out: {told}. --include takes them in." if told else ""


NOTHING = LeftOut()


def _folders(paths: tuple[str, ...], what: str, more: str = "") -> str:
    """Return the number of the folders and at most three of their names, or nothing."""
    names = list(dict.fromkeys(path.rpartition("/")[2] for path in paths))
    rest = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
    return f"{_count(paths, what)}{more} ({', '.join(names[:_MOST_NAMED])}{rest})" if paths else ""


def _matched(folders: tuple[str, ...], files: tuple[str, ...], source: str) -> str:
    """Return how many folders and files the patterns of a source matched, or nothing."""
    counts = [_count(paths, what) for paths, what in ((folders, "folder"), (files, "file")) if paths]
    return f"{' and '.join(counts)} by {source}" if counts else ""


def _count(paths: tuple[str, ...], what: str) -> str:
    return f"{len(paths)} {what}{'' if len(paths) == 1 else 's'}"
