import cv2
import numpy as np
import pytest

from imgsort.images.judging.perceptual_hash import MAX_DISTANCE, perceptual_hash


def scene(seed: int) -> np.ndarray:
    coarse = np.random.default_rng(seed).integers(20, 220, (8, 10, 3), dtype=np.uint8)
    return cv2.resize(coarse, (400, 320), interpolation=cv2.INTER_CUBIC)


def jpeg(pixels: np.ndarray) -> np.ndarray:
    return cv2.imdecode(cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, 50])[1], cv2.IMREAD_COLOR)


CHANGES = {
    "encoded again": jpeg,
    "half the size": lambda pixels: cv2.resize(pixels, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA),
    "brighter": lambda pixels: cv2.convertScaleAbs(pixels, alpha=1.1, beta=5),
    "cropped": lambda pixels: pixels[3:-3, 4:-4],
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_copies_are_near(change):
    """A changed copy lies within MAX_DISTANCE of its original."""
    assert (perceptual_hash(scene(0)) ^ perceptual_hash(change(scene(0)))).bit_count() <= MAX_DISTANCE


def test_different_pictures_are_far():
    """No two of thirty different pictures are near duplicates."""
    hashes = [perceptual_hash(scene(seed)) for seed in range(30)]
    assert all((a ^ b).bit_count() > MAX_DISTANCE for row, a in enumerate(hashes) for b in hashes[:row])


@pytest.mark.parametrize("shape", [(1, 1), (1, 5000), (5000, 1), (3, 2)])
def test_every_shape_has_a_hash_of_64_bits(shape):
    """An image of one colour, a thin image and a tiny image have a hash of 64 bits too."""
    assert 0 <= perceptual_hash(np.full((*shape, 3), 200, np.uint8)) < 2**64
