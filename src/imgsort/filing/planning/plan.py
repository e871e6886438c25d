"""What a plan says: the moves of a run, the folders it makes, and the images that were judged for it.

The plan is the thing that is shown, saved, applied and undone: nothing is decided after it.
"""

from dataclasses import dataclass

from imgsort.filing.planning.site import Site


@dataclass(frozen=True)
class Follower:
    """A file that goes wherever an image goes: its sidecar. It lies in the image's folder."""

    source: str
    size: int
    mtime_ns: int


@dataclass(frozen=True)
class Placement:
    """An image and the folder that it belongs in. `folder` is a name, not yet a place on disk.

    `source` is relative to the collection; `size`, `mtime_ns` and `content` say what was judged;
    `distance` is how odd the image is there, higher = odder, and `score` what else its command has to say of it.
    It and its `followers` are one unit.
    """

    source: str
    size: int
    mtime_ns: int
    content: str
    folder: str
    distance: float | None = None
    followers: tuple[Follower, ...] = ()
    score: float | None = None


@dataclass(frozen=True)
class Move:
    """One file's way: `source` relative to the collection, `target` to the destination.

    `follows`: for a sidecar, the `source` of the image that it goes with.
    """

    source: str
    target: str
    size: int
    mtime_ns: int
    content: str
    distance: float | None = None
    follows: str | None = None


@dataclass(frozen=True)
class Refusal:
    """A file that a plan, a run or an undo leaves as it is, and why. `path` is relative to its root."""

    path: str
    reason: str


@dataclass(frozen=True)
class FolderCount:
    """A folder of the result and how many of the placed images it will hold, moved or not."""

    name: str
    count: int


@dataclass(frozen=True)
class Plan:
    """All that a run will do. `made` are the folders to make, parents first; `categories` those that are categories.

    A unit's image comes first among `moves` and its followers right after it. `kept` are images that stay
    because a follower of theirs cannot be read: nothing a run does, so its file does not tell of them.
    """

    site: Site
    made: tuple[str, ...]
    categories: tuple[str, ...]
    moves: tuple[Move, ...]
    folders: tuple[FolderCount, ...]
    kept: tuple[Refusal, ...] = ()
