"""Joins what `images` found and `filing` files: an image, what goes with it, and the folder it belongs in."""

from imgsort.filing.plan import Follower, Placement
from imgsort.images.find import ImageFile


def place(file: ImageFile, content: str, folder: str, distance: float | None = None) -> Placement:
    """Say that `file`, whose bytes have the hash `content`, belongs in `folder`, and its sidecars with it."""
    followers = tuple(Follower(sidecar.path, sidecar.size, sidecar.mtime_ns) for sidecar in file.sidecars)
    oddness = None if distance is None else round(float(distance), 6)
    return Placement(file.path, file.size, file.mtime_ns, content, folder, oddness, followers)
