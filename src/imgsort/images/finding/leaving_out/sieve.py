"""Decides, folder by folder and file by file, what a listing takes and what it leaves out."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from imgsort.images.finding.leaving_out.left_out import LeftOut
from imgsort.images.finding.leaving_out.patterns import PatternList
from imgsort.images.finding.leaving_out.rules import Rules, ignored_in
from imgsort.images.finding.leaving_out.system_folders import is_system_folder

NO_MEDIA = ".nomedia"


@dataclass(frozen=True)
class Folder:
    """A folder to list. `path` is relative to the collection, and "" for the collection itself.

    `is_included`: `--include` matches it or a folder above it, so no other pattern leaves out what is in it.
    `is_wanted`: `--include` names this very folder, or it is the collection or a folder that imgsort made. So it is
    listed even if it holds a file `.nomedia`.
    """

    path: str
    is_included: bool = False
    is_wanted: bool = False

    def below(self, name: str) -> str:
        """Return the path of `name` in this folder."""
        return f"{self.path}/{name}" if self.path else name


# The collection itself is what the user named, so it counts whatever its name is and whatever it holds.
TOP = Folder("", is_wanted=True)


class Sieve:
    """Applies the rules to one listing, and remembers what it left out. With no rules it takes everything.

    `root`: the folder whose file `.imgsortignore` counts too, or None where there is no such file.
    """

    def __init__(self, root: Path | None, rules: Rules | None) -> None:
        self._has_rules = rules is not None
        ignored = [] if rules is None or root is None else ignored_in(root)
        self._follows_links = rules is None or rules.follow_links
        self._excludes = PatternList([] if rules is None else [*ignored, *rules.excluded()])
        self._includes = PatternList([] if rules is None else rules.included())
        self._left_out: dict[str, dict[str, None]] = {}

    def looks_at_hidden(self, name: str) -> bool:
        """Say whether a hidden folder of this name may count: `--include` takes in system folders, hidden ones too."""
        return self._has_rules and is_system_folder(name)

    def folder_made(self, path: str) -> Folder | None:
        """Return a folder that imgsort made, or None if `--exclude` or `.imgsortignore` leaves it out.

        No name is a system folder's here: the folder would not be found again.
        """
        folder: Folder | None = TOP
        for name in path.split("/"):
            folder = folder and self._listed(folder, name, is_wanted=True)
        return folder

    def subfolder(self, folder: Folder, name: str) -> Folder | None:
        """Return the subfolder `name` of `folder`, or None if it is left out."""
        return self._listed(folder, name, is_wanted=not self._has_rules)

    def _listed(self, folder: Folder, name: str, *, is_wanted: bool) -> Folder | None:
        path = folder.below(name)
        match = self._includes.last_match(path, is_folder=True)
        is_named = match is not None and not match.is_negated
        is_included = is_named or (folder.is_included and match is None)
        if not is_named and not is_wanted and is_system_folder(name):
            self._leave_out("system", path)
            return None
        excluding = self._excludes.last_match(path, is_folder=True)
        if excluding is not None and not excluding.is_negated and not is_included:
            self._leave_out(f"{_KIND[excluding.source]}_folders", path)
            return None
        return Folder(path, is_included, is_wanted or is_named)

    def takes_content(self, folder: Folder, *, has_nomedia: bool) -> bool:
        """Say whether the content of a folder counts, when it is known whether the folder holds a file `.nomedia`."""
        if has_nomedia and not folder.is_wanted:
            self._leave_out("nomedia", folder.path)
            return False
        return True

    def files_left_out(self, folder: Folder, names: Sequence[str]) -> frozenset[str]:
        """Return those of the `names` of files in `folder` that do not count."""
        if not self._excludes:
            return frozenset()
        left = []
        for name, match in self._excludes.last_matches(folder.below(""), names).items():
            path = folder.below(name)
            if not match.is_negated and not self._is_included(folder, path):
                self._leave_out(f"{_KIND[match.source]}_files", path)
                left.append(name)
        return frozenset(left)

    def follows_link(self, folder: Folder, name: str) -> bool:
        """Say whether links to images are taken; if not, remember that this one was left out."""
        if not self._follows_links:
            self._leave_out("links", folder.below(name))
        return self._follows_links

    def _is_included(self, folder: Folder, path: str) -> bool:
        match = self._includes.last_match(path, is_folder=False)
        return folder.is_included if match is None else not match.is_negated

    def _leave_out(self, kind: str, path: str) -> None:
        self._left_out.setdefault(kind, {})[path] = None

    @property
    def left_out(self) -> LeftOut:
        """What was left out so far."""
        return LeftOut(**{kind: tuple(sorted(paths)) for kind, paths in self._left_out.items()})


_KIND = {"--exclude": "excluded", ".imgsortignore": "ignored"}
