"""Describes a plan: the moves of a run, the folders it makes, and the images that were judged for it.

imgsort shows, saves, applies and undoes the plan. It decides nothing after the plan is made.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from imgsort.filing.paths import name_of
from imgsort.filing.planning.site import Site


@dataclass(frozen=True)
class Follower:
    """A sidecar: a file that goes wherever its image goes. It lies in the folder of the image."""

    source: str
    size: int
    mtime_ns: int


@dataclass(frozen=True)
class Placement:
    """An image and the folder that it belongs in. `folder` is a name, not yet a place on disk.

    `source` is relative to the collection. `size`, `mtime_ns` and `content` describe the file that was judged.
    `distance` says how odd the image is in that folder; higher = odder. `score` is another number that the
    command gives the image. The image and its `followers` are one unit. If the image is reached by a link, `link` is
    the text of the link, and the other facts are those of the file that it leads to.
    """

    source: str
    size: int
    mtime_ns: int
    content: str
    folder: str
    distance: float | None = None
    followers: tuple[Follower, ...] = ()
    score: float | None = None
    link: str | None = None


@dataclass(frozen=True)
class Move:
    """The move of one file: `source` is relative to the collection, `target` to the destination.

    `follows` is set only for a sidecar. It is the `source` of the image that the sidecar goes with. `link` is set only
    for a link: its text at the source. The link is moved, never the file that it leads to.
    """

    source: str
    target: str
    size: int
    mtime_ns: int
    content: str
    distance: float | None = None
    follows: str | None = None
    link: str | None = None


@dataclass(frozen=True)
class Refusal:
    """A file that a plan, a run or an undo leaves as it is, and the reason. `path` is relative to its root."""

    path: str
    reason: str


@dataclass(frozen=True)
class FolderCount:
    """A folder of the result, and how many of the placed images it will hold, moved or not."""

    name: str
    count: int


@dataclass(frozen=True)
class Plan:
    """All that a run will do.

    `made` are the folders to make, parents first. `categories` are the folders that are categories. In `moves`,
    the image of a unit comes first, and its followers come right after it. `kept` are images that stay because
    one of their followers cannot be read. A run does nothing with these images, so its file does not list them.
    """

    site: Site
    made: tuple[str, ...]
    categories: tuple[str, ...]
    moves: tuple[Move, ...]
    folders: tuple[FolderCount, ...]
    kept: tuple[Refusal, ...] = ()

    def renamed(self, moves: Mapping[int, str], folders: Mapping[str, str]) -> "Plan":
        """Return the plan with other targets of moves, by number, and other paths of folders."""
        names = {name_of(old): name_of(new) for old, new in folders.items()}
        return replace(
            self,
            made=tuple(folders.get(path, path) for path in self.made),
            categories=tuple(folders.get(path, path) for path in self.categories),
            moves=tuple(
                replace(move, target=moves[number]) if number in moves else move
                for number, move in enumerate(self.moves)
            ),
            folders=tuple(replace(folder, name=names.get(folder.name, folder.name)) for folder in self.folders),
        )
