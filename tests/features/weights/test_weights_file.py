"""Hashes of weights: of a file, and of the numbers in it."""

import hashlib

import numpy as np
import pytest

from imgsort.errors import WeightsError
from imgsort.features.weights.weights_file import WeightsFile, numbers_sha256

FILE_HASH = hashlib.sha256(b"file").hexdigest()


@pytest.fixture
def path(tmp_path):
    (tmp_path / "weights.h5").write_bytes(b"file")
    return tmp_path / "weights.h5"


def test_the_numbers_say_which_weights_these_are(path):
    """If the hash of the numbers is known, it counts. Otherwise the hash of the file counts."""
    assert WeightsFile(path, "keras").sha256 == FILE_HASH
    assert WeightsFile(path, "keras", "0" * 64).sha256 == "0" * 64


def test_weights_recorded_by_their_file_are_known(path):
    """Both hashes name the same weights. Another hash does not."""
    weights = WeightsFile(path, "keras", "0" * 64)
    assert weights.is_known_as("0" * 64)
    assert weights.is_known_as(FILE_HASH)
    assert not weights.is_known_as("1" * 64)


def test_a_missing_file_has_no_hash(tmp_path):
    """The error names the path."""
    with pytest.raises(WeightsError, match="gone"):
        _ = WeightsFile(tmp_path / "gone", "keras").sha256


def test_the_hash_depends_on_order_and_layout_alone():
    """The same numbers give the same hash, however the arrays lie in memory. Another order gives another hash."""
    first, second = np.arange(6, dtype=np.float32).reshape(2, 3), np.ones(2, np.float32)
    expected = hashlib.sha256(first.tobytes() + second.tobytes()).hexdigest()
    assert numbers_sha256([first, second]) == expected
    assert numbers_sha256([np.asfortranarray(first), second.astype(">f4")]) == expected
    assert numbers_sha256([second, first]) != expected
    assert numbers_sha256([first.T, second]) != expected
