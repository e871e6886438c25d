import itertools

import cv2
import numpy as np
import pytest
from PIL import Image

from imgsort.images.judging.perceptual_hash import MAX_DISTANCE, perceptual_hash
from imgsort.images.judging.same_picture import same_pictures
from imgsort.images.judging.tiny_image import TINY_BYTES, tiny_image
from tests.images.judging.test_perceptual_hash import CHANGES, scene
from tests.support.drawings import bars, disc, flag, form

COLOURS = ((200, 30, 30), (230, 200, 30), (30, 160, 60), (30, 60, 200), (20, 20, 20), (130, 130, 130), (200, 200, 200))
WHITE = (255, 255, 255)
DIFFERENT = {
    "forms": [form(seed) for seed in range(12)],
    "charts": [bars(seed) for seed in range(12)],
    "icons": [disc(colour) for colour in COLOURS],
    "flags": [flag(one, WHITE, other) for one, other in itertools.permutations(COLOURS[:5], 2)],
}


def same(*pictures: np.ndarray | Image.Image) -> list[bool]:
    """Say for each picture after the first one whether it shows the same."""
    tiny_images = np.array([tiny_image(np.asarray(picture)) for picture in pictures])
    return same_pictures(tiny_images, 0, np.arange(1, len(pictures))).tolist()


@pytest.mark.parametrize("pictures", DIFFERENT.values(), ids=DIFFERENT)
def test_different_entries_data_and_colours_are_different(pictures):
    """No picture of a kind is another one of it, also after JPEG."""
    for number, picture in enumerate(pictures[:-1]):
        assert not any(same(picture, *pictures[number + 1 :]))
        assert not any(same(CHANGES["encoded again"](np.asarray(picture)), *pictures[number + 1 :]))


def test_the_hash_alone_takes_forms_and_icons_for_one():
    """The pictures above are hard: their hashes are near."""
    for kind in ("forms", "icons"):
        hashes = [perceptual_hash(np.asarray(picture)) for picture in DIFFERENT[kind]]
        near = [(a ^ b).bit_count() <= MAX_DISTANCE for a, b in itertools.combinations(hashes, 2)]
        assert sum(near) > 0.5 * len(near)


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
@pytest.mark.parametrize("seed", range(5))
def test_copies_of_a_photograph_are_the_same(change, seed):
    """A copy shows the same as its original, in either order."""
    assert same(scene(seed), change(scene(seed))) == same(change(scene(seed)), scene(seed)) == [True]


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
@pytest.mark.parametrize("seed", range(5))
def test_copies_of_a_form_are_the_same(change, seed):
    """A form that is encoded again, resized, brightened or cropped is the same form."""
    page = np.asarray(form(seed))
    assert same(page, change(page)) == [True]


@pytest.mark.parametrize("sides", [(10, 0, 0, 0), (0, 10, 0, 14), (8, 8, 10, 10), (0, 0, 0, 16)])
def test_a_crop_of_any_sides_is_the_same(sides):
    """A copy that lacks up to a twentieth at any side is the same."""
    top, bottom, left, right = sides
    picture = scene(3)
    height, width = picture.shape[:2]
    assert same(picture, picture[top : height - bottom, left : width - right]) == [True]


def test_a_copy_is_found_among_hundreds_of_forms():
    """Many different pages on one form do not hide the copy of one."""
    pages = [cv2.resize(np.asarray(form(seed)), (155, 219), interpolation=cv2.INTER_AREA) for seed in range(60)]
    found = same(pages[0], *pages[1:], CHANGES["encoded again"](pages[0]))
    assert found == [False] * 59 + [True]


@pytest.mark.parametrize("shape", [(1, 1), (1, 5000), (5000, 1), (3, 2), (700, 500)])
def test_every_shape_has_a_thumbnail(shape):
    """An image of any shape has a tiny image, and shows the same as itself."""
    pixels = np.random.default_rng(0).integers(0, 256, (*shape, 3), dtype=np.uint8)
    assert tiny_image(pixels).shape == (TINY_BYTES,)
    assert same(pixels, pixels) == [True]


def test_the_answer_does_not_depend_on_the_memory():
    """Tiny images at any place in memory give the same answer."""
    pages = np.array([tiny_image(np.asarray(form(seed))) for seed in range(6)])
    expected = same_pictures(pages, 0, np.arange(1, 6)).tolist()
    for offset in range(1, 9):
        memory = np.empty(pages.size + offset, np.uint8)[offset:].reshape(pages.shape)
        memory[:] = pages
        assert same_pictures(memory, 0, np.arange(1, 6)).tolist() == expected
