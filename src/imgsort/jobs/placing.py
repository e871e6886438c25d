"""Joins what `images` found and `filing` files: an image, what goes with it, and the folder it belongs in."""

from imgsort.filing.plan import Follower, Placement
from imgsort.images.find import ImageFile

# For images that belong to no category.
UNSORTED_FOLDER = "Unsorted"


def place(
    file: ImageFile, content: str, folder: str, distance: float | None = None, score: float | None = None
) -> Placement:
    """Say that `file`, whose bytes have the hash `content`, belongs in `folder`, and its sidecars with it."""
    followers = tuple(Follower(sidecar.path, sidecar.size, sidecar.mtime_ns) for sidecar in file.sidecars)
    return Placement(
        file.path, file.size, file.mtime_ns, content, folder, _rounded(distance), followers, _rounded(score)
    )


def _rounded(number: float | None) -> float | None:
    return None if number is None else round(float(number), 6)
