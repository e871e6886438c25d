"""Joins what `images` found and `filing` files: an image, what goes with it, and the folder it belongs in."""

from imgsort.filing.planning.plan import Follower, Placement
from imgsort.images.finding.find import ImageFile

# For images that belong to no category.
UNSORTED_FOLDER = "Unsorted"


def place(
    file: ImageFile, content: str, folder: str, distance: float | None = None, score: float | None = None
) -> Placement:
    """Say that `file`, whose bytes have the hash `content`, belongs in `folder`, and its sidecars with it."""
    followers = tuple(Follower(sidecar.path, sidecar.size, sidecar.mtime_ns) for sidecar in file.sidecars)
    return Placement(
        file.path,
        file.size,
        file.mtime_ns,
        content,
        folder,
        None if distance is None else rounded(distance),
        followers,
        None if score is None else rounded(score),
    )


def rounded(number: float) -> float:
    """Return a distance or score as results show it: further digits are noise."""
    return round(float(number), 6)
