"""Tests what is said of files that are still being copied."""

import io

import numpy as np
import pytest
from PIL import Image

from imgsort.jobs.watch.inbox.whole import shortage
from tests.support.pictures import encode, gradient

NOISE = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)


def file_of(tmp_path, data, name="x.jpg"):
    (tmp_path / name).write_bytes(data)
    return tmp_path / name


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF", "WEBP", "BMP", "TIFF"])
def test_every_beginning_of_a_file_is_short_and_the_whole_is_not(tmp_path, kind):
    """Cut anywhere, or with room that is reserved and not yet filled, a file is not whole. All of it is."""
    data = encode(NOISE, kind)
    name = f"x.{kind.lower()}"
    assert shortage(file_of(tmp_path, data, name), name) is None
    for length in (0, 1, 20, len(data) // 3, len(data) // 2, len(data) - 3):
        assert shortage(file_of(tmp_path, data[:length], name), name), f"{kind} of {length} bytes"


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_reserved_room_is_not_a_whole_file(tmp_path, kind):
    """A program may give a file its size first: the rest of it is zeros until it has come."""
    data = encode(NOISE, kind)
    for length in (0, len(data) // 2):
        reserved = data[:length] + bytes(len(data) - length)
        assert shortage(file_of(tmp_path, reserved), "x.jpg")


def test_what_more_time_cannot_change_does_not_wait(tmp_path):
    """A file that is no image, whatever its name says, is for the reader to judge."""
    assert shortage(file_of(tmp_path, b"a text, and by no means an image. " * 5), "x.jpg") is None


def test_a_file_that_cannot_be_read_waits(tmp_path):
    """A folder of that name, or nothing at all, is not a whole image."""
    assert "cannot be read" in shortage(tmp_path / "gone.jpg", "gone.jpg")


def test_trailing_bytes_do_not_matter(tmp_path):
    """Programs write more behind the picture; the picture is whole all the same."""
    buffer = io.BytesIO()
    Image.fromarray(gradient()).save(buffer, "JPEG")
    assert shortage(file_of(tmp_path, buffer.getvalue() + b"more"), "x.jpg") is None
