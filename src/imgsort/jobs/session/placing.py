"""Turns an image that `images` found into a placement that `filing` files: image, sidecars and folder."""

from imgsort.filing.planning.plan import Follower, Placement
from imgsort.images.finding.find import ImageFile

# The folder for images that belong to no category.
UNSORTED_FOLDER = "Unsorted"


def place(
    file: ImageFile, content: str, folder: str, distance: float | None = None, score: float | None = None
) -> Placement:
    """Return the placement of `file` and its sidecars in the folder `folder`.

    `content`: the hash of the file's bytes.
    """
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
        None if file.link is None else file.link.text,
    )


def rounded(number: float) -> float:
    """Round a distance or score for the results. Further digits are noise."""
    return round(float(number), 6)
