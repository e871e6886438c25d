"""Says which images show the same shot as one that is looked for: copies, resized, encoded again, a little cropped."""

import contextlib
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from imgsort.features.cache.feature_cache import NO_CACHE, FeatureCache
from imgsort.images.decoding.decode import ReadSettings
from imgsort.images.finding.find import ImageFile
from imgsort.images.judging.perceptual_hash import MAX_DISTANCE
from imgsort.images.judging.same_picture import same_pictures
from imgsort.jobs.listener import Listener
from imgsort.jobs.look.finding.query import Query
from imgsort.learning.data.looks import Looks, look_at, looks_recipe

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def paths_of_same_scene(
    query: Query, root: Path, files: Sequence[ImageFile], read: ReadSettings, hearing: Listener, *, has_cache: bool
) -> set[str]:
    """Return the paths of those of `files` that show the same shot as any image of the query.

    The looks of the images are kept, as in training: each image is looked at only once.
    """
    recipe = looks_recipe(read)
    cache = FeatureCache(recipe, notice=hearing.notice) if has_cache else NO_CACHE
    with contextlib.closing(cache):
        asked = look_at(Path(), query.files, read, cache, partial(hearing.progress, "looking at the query"))
        there = look_at(root, files, read, cache, partial(hearing.progress, "comparing"))
    same = _same(asked, there)
    return {file.path for file, is_same in zip(there.files, same.tolist(), strict=True) if is_same}


def _same(asked: Looks, there: Looks) -> "NDArray[np.bool_]":
    """Say for each image that is there whether it shows what any image of the query shows: bool (n,)."""
    import numpy as np

    same = np.isin(there.contents, asked.contents)
    if not len(there.files):
        return same
    for row in range(len(asked.files)):
        bits = np.bitwise_count(there.hashes ^ asked.hashes[row])
        near = np.flatnonzero((bits <= MAX_DISTANCE) & ~same)
        if len(near):
            tiny_images = np.concatenate([there.tiny_images, asked.tiny_images[row : row + 1]])
            same[near] = same_pictures(tiny_images, len(there.files), near)
    return same
