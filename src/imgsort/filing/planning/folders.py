"""Finds a place on disk for each folder that a plan names."""

import os
from collections.abc import Sequence, Set
from pathlib import Path

from imgsort.errors import UsageError
from imgsort.filing.paths import (
    exists,
    has_link_on_the_way,
    is_safe_relative,
    join,
    parent_of,
    with_ancestors,
)
from imgsort.filing.planning.names import free_name
from imgsort.filing.planning.site import Site
from imgsort.name_key import name_key


class FolderChooser:
    """Finds a path for each folder name, and remembers the folders that must be made, parents first."""

    def __init__(self, site: Site, own_folders: Set[str]) -> None:
        self.site = site
        self.own_folders = {name_key(path): path for path in own_folders}
        self.missing: list[str] = []
        self._taken = {name_key(name) for name in names_in(site.output)}
        self._miss(with_ancestors(site.prefix))

    def own(self, name: str) -> str:
        """Return the path of a category's folder: a folder that imgsort made, or a path that is still free."""
        number_taken: set[str] = set()
        while True:
            candidate = free_name(name, number_taken)
            path = join(self.site.prefix, candidate)
            if name_key(path) in self.own_folders:
                return self.own_folders[name_key(path)]
            if name_key(candidate) not in self._taken:
                return self._new(candidate)
            number_taken.add(name_key(candidate))

    def shared(self, name: str) -> str:
        """Return the path of a folder that anyone may have made; `name` may be a path itself.

        Raises UsageError if something that is not a folder has this path.
        """
        path = join(self.site.prefix, name)
        is_taken = name_key(name) in self._taken if "/" not in name else exists(self.site.destination / path)
        if not is_taken:
            return self._new(name)
        folder = self.site.destination / path
        if folder.is_symlink() or not folder.is_dir() or has_link_on_the_way(self.site.destination, path):
            raise UsageError(f"{folder}: imgsort needs a folder with this name, and this is not a folder. Rename it.")
        return path

    def _new(self, name: str) -> str:
        path = join(self.site.prefix, name)
        if not is_safe_relative(path):
            raise UsageError(f"{path!r}: this cannot be the name of a folder.")
        self._taken.add(name_key(name))
        self._miss(with_ancestors(parent_of(path)))
        self.missing.append(path)
        return path

    def _miss(self, folders: Sequence[str]) -> None:
        """Remember the folders that do not exist yet."""
        for folder in folders:
            if folder not in self.missing and not (self.site.destination / folder).is_dir():
                self.missing.append(folder)


def names_in(folder: Path) -> list[str]:
    """Return the names in a folder; an empty list if there is no such folder."""
    try:
        return os.listdir(folder)
    except FileNotFoundError:
        return []
