"""Looks at the images of classes: which of them are near duplicates."""

import contextlib
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from imgsort.features.cache.feature_cache import NO_CACHE, FeatureCache, NoCache
from imgsort.features.extract import Features
from imgsort.grouping.duplicates import connected_near_duplicates
from imgsort.images.decoding.decode import ReadSettings
from imgsort.images.finding.find import ImageFile, Unreadable
from imgsort.images.judging.perceptual_hash import MAX_DISTANCE
from imgsort.images.judging.same_picture import same_pictures
from imgsort.jobs.listener import Listener
from imgsort.learning.data.looks import Looks, look_at, looks_recipe

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_CHANGED = "changed while it was looked at"


def looks_of(
    root: Path, files: Sequence[ImageFile], read: ReadSettings, listener: Listener, *, has_cache: bool, verify: bool
) -> Looks:
    """Return the looks of these files, from the cache or by reading them."""
    cache: FeatureCache | NoCache = NO_CACHE
    if has_cache:
        cache = FeatureCache(looks_recipe(read), notice=listener.notice, verify=verify)
    with contextlib.closing(cache):
        return look_at(root, files, read, cache, partial(listener.progress, "comparing"))


def agreed(features: Features, looks: Looks) -> tuple[Features, Looks]:
    """Return the features and looks of the files that had the same bytes both times, in the order of the features.

    The others were changed or removed between the two looks at them, and are unreadable.
    """
    import numpy as np

    if looks.files == features.files and looks.contents == features.contents:
        return features, looks
    row_of = {
        (file.path, content): row for row, (file, content) in enumerate(zip(looks.files, looks.contents, strict=True))
    }
    found = [row_of.get((file.path, content)) for file, content in zip(features.files, features.contents, strict=True)]
    kept = np.flatnonzero([row is not None for row in found])
    rows = np.array([row for row in found if row is not None], dtype=np.intp)
    changed = [Unreadable(file.path, _CHANGED) for file, row in zip(features.files, found, strict=True) if row is None]
    files, contents = tuple(looks.files[row] for row in rows), tuple(looks.contents[row] for row in rows)
    return (
        replace(
            features,
            files=files,
            contents=contents,
            matrix=features.matrix[kept],
            unreadable=(*features.unreadable, *changed),
        ),
        replace(looks, files=files, contents=contents, hashes=looks.hashes[rows], tiny_images=looks.tiny_images[rows]),
    )


def near_duplicates(
    hashes: "NDArray[np.uint64]", tiny_images: "NDArray[np.uint8]", copies: "NDArray[np.intp]"
) -> "NDArray[np.intp]":
    """Return the group of near duplicates that each image belongs to, intp (n,).

    `hashes`, `tiny_images`: as in `Looks`. `copies`: the group of equal files of each image, intp (n,). Equal files are
    always in one group.
    """
    import numpy as np

    firsts = np.unique(copies, return_index=True)[1]
    same = partial(same_pictures, tiny_images[firsts])
    groups = connected_near_duplicates(hashes[firsts], MAX_DISTANCE, same)
    return groups[copies]


def groups_of_copies(contents: Sequence[str]) -> "NDArray[np.intp]":
    """Return the group of equal files that each image belongs to, intp (n,), by the hashes of their bytes."""
    import numpy as np

    return np.asarray(np.unique(list(contents), return_inverse=True)[1], dtype=np.intp)
