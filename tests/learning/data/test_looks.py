import os
import shutil
from contextlib import closing

import numpy as np
import pytest

from imgsort.features.cache.feature_cache import NO_CACHE, FeatureCache
from imgsort.images.decoding.decode import DEFAULTS, ReadSettings, read_image
from imgsort.images.finding.find import find_images
from imgsort.images.judging.perceptual_hash import MAX_DISTANCE, perceptual_hash
from imgsort.images.judging.tiny_image import TINY_BYTES, tiny_image
from imgsort.learning.data.looks import look_at, looks_recipe
from tests.support.pictures import encode


@pytest.fixture
def folder(tmp_path):
    """Two pictures, a copy of one of them in another format, and a file that is no picture."""
    root = tmp_path / "images"
    root.mkdir()
    blocks = np.random.default_rng(0).integers(0, 256, (2, 8, 8, 3), dtype=np.uint8)
    picture, other = blocks.repeat(8, axis=1).repeat(8, axis=2)
    (root / "a.png").write_bytes(encode(picture, "PNG"))
    (root / "b.jpg").write_bytes(encode(picture, "JPEG", quality=80))
    (root / "c.png").write_bytes(b"no image")
    (root / "d.png").write_bytes(encode(other, "PNG"))
    return root


def look(root, cache=NO_CACHE, files=None):
    """Return the looks, and the calls of `progress`."""
    calls = []
    files = find_images(root).files if files is None else files
    return look_at(root, files, DEFAULTS, cache, lambda *counts: calls.append(counts)), calls


def test_what_is_seen_of_each_image(folder):
    """Files, content hashes and perceptual hashes are in the order of the listing.

    Files that cannot be read are named.
    """
    looks, calls = look(folder)
    images = [read_image(folder, file, DEFAULTS) for file in looks.files]
    assert [file.path for file in looks.files] == ["a.png", "b.jpg", "d.png"]
    assert looks.contents == tuple(image.content for image in images)
    assert looks.hashes.dtype == np.uint64
    assert looks.hashes.tolist() == [perceptual_hash(image.pixels) for image in images]
    assert looks.tiny_images.tolist() == [tiny_image(image.pixels).tolist() for image in images]
    assert [row.path for row in looks.unreadable] == ["c.png"]
    assert looks.unreadable[0].reason
    assert calls == [(1, 4), (2, 4), (3, 4), (4, 4)]


def test_near_duplicates_share_nearly_all_bits(folder):
    """A picture is close to itself in another format, and far from another picture."""
    one, other, different = (int(value) for value in look(folder)[0].hashes)
    assert (one ^ other).bit_count() <= MAX_DISTANCE < (one ^ different).bit_count()


def test_what_was_seen_is_not_looked_at_again(folder, own_folder):
    """With a cache, the next run gives the same without the files. It needs only the file that could not be read."""
    for file in folder.iterdir():
        os.utime(file, ns=(10**18, 10**18))
    files = find_images(folder).files
    with closing(FeatureCache(looks_recipe(DEFAULTS), notice=pytest.fail)) as cache:
        first, _ = look(folder, cache, files)
    shutil.move(folder, folder.with_name("elsewhere"))
    with closing(FeatureCache(looks_recipe(DEFAULTS), notice=pytest.fail)) as cache:
        second, calls = look(folder, cache, files)
    assert second.files == first.files
    assert second.contents == first.contents
    assert second.hashes.tolist() == first.hashes.tolist()
    assert second.tiny_images.tolist() == first.tiny_images.tolist()
    assert [row.path for row in second.unreadable] == ["c.png"]
    assert calls == [(4, 4)]


def test_the_recipe_is_of_what_is_read():
    """What is read with other settings is kept apart."""
    assert looks_recipe(DEFAULTS) == looks_recipe(ReadSettings())
    assert looks_recipe(DEFAULTS) != looks_recipe(ReadSettings(truncated="use"))


@pytest.mark.parametrize("names", [(), ("c.png",)])
def test_nothing_to_see(folder, names):
    """No files, or no readable files, give no hashes."""
    files = [file for file in find_images(folder).files if file.path in names]
    looks, _ = look(folder, files=files)
    assert (looks.files, looks.contents) == ((), ())
    assert looks.hashes.shape == (0,)
    assert looks.hashes.dtype == np.uint64
    assert looks.tiny_images.shape == (0, TINY_BYTES)
    assert [row.path for row in looks.unreadable] == list(names)
