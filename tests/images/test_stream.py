import hashlib
import os
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from imgsort.images.decode import DecodedImage, ReadSettings, decode, read_image
from imgsort.images.find import ImageFile, Unreadable, find_images
from imgsort.images.letterbox import letterbox
from imgsort.images.stream import SquareImage, stream_squares
from tests.images.pictures import encode, gradient, plain
from tests.trees import make_tree

SIZE_PX = 16


class ReadCounter:
    """Stands in front of the real `read_image` and counts what was begun."""

    def __init__(self) -> None:
        self.begun = 0
        self.pause_seconds = 0.0
        self._lock = threading.Lock()

    def __call__(self, root: Path, file: ImageFile, settings: ReadSettings, fit_px: int) -> DecodedImage:
        with self._lock:
            self.begun += 1
        time.sleep(self.pause_seconds)
        return read_image(root, file, settings, fit_px)

    def settled(self, expected: int) -> int:
        """Wait until `expected` reads have begun, and a little longer, then say how many have."""
        deadline = time.monotonic() + 10
        while self.begun < expected and time.monotonic() < deadline:
            time.sleep(0.001)
        time.sleep(0.02)
        return self.begun


@pytest.fixture
def counter(monkeypatch):
    counter = ReadCounter()
    monkeypatch.setattr("imgsort.images.stream.read_image", counter)
    return counter


@pytest.fixture
def reading_threads():
    def alive() -> list[str]:
        return [thread.name for thread in threading.enumerate() if thread.name.startswith("imgsort-read")]

    assert not alive()
    return alive


def many_pictures(root: Path, count: int) -> tuple[ImageFile, ...]:
    make_tree(root, {f"{number:04}.png": plain((number % 256, 0, 0)) for number in range(count)})
    return find_images(root).files


def test_images_come_in_order_square_and_with_their_content(tmp_path):
    """Every image comes in the order asked for, letterboxed, with the hash of its bytes."""
    pictures = {f"{number:02}.png": encode(gradient(20 + number, 30), "PNG") for number in range(12)}
    make_tree(tmp_path, pictures)
    files = find_images(tmp_path).files[::-1]
    items = list(stream_squares(tmp_path, files, SIZE_PX, ahead=5))
    assert [item.file for item in items] == list(files)
    for item in items:
        data = pictures[item.file.path]
        assert item.content == hashlib.sha256(data).hexdigest()
        assert np.array_equal(item.pixels, letterbox(decode(data), SIZE_PX))


def test_what_cannot_be_read_is_a_row_in_its_place(tmp_path):
    """A bad file is named with its reason between its neighbours, and the rest goes on."""
    make_tree(tmp_path, {"a.png": plain((1, 2, 3)), "b.jpg": b"text", "c.png": plain((4, 5, 6)), "d.png": b""})
    items = list(stream_squares(tmp_path, find_images(tmp_path).files, SIZE_PX, ahead=2))
    assert [type(item) for item in items] == [SquareImage, Unreadable, SquareImage, Unreadable]
    assert items[1] == Unreadable("b.jpg", "not an image that imgsort can read, whatever its name says")
    assert items[3] == Unreadable("d.png", "empty file (0 bytes)")


@pytest.mark.parametrize("ahead", [1, 4])
def test_no_more_than_ahead_images_wait(tmp_path, counter, ahead):
    """Reading keeps `ahead` of whoever takes the images and no further, so memory stays bounded."""
    files = many_pictures(tmp_path, 12)
    stream = stream_squares(tmp_path, files, SIZE_PX, ahead=ahead)
    for taken, _ in enumerate(stream):
        expected = min(len(files), taken + ahead)
        assert counter.settled(expected) == expected
    assert counter.begun == len(files)


def test_nothing_is_read_before_the_first_is_asked_for(tmp_path, counter):
    """Making the stream costs nothing."""
    stream = stream_squares(tmp_path, many_pictures(tmp_path, 3), SIZE_PX, ahead=2)
    assert counter.settled(0) == 0
    assert len(list(stream)) == 3


def test_closing_early_stops_reading(tmp_path, counter, reading_threads):
    """Whoever has had enough gets away soon: what was not begun is not read and no thread stays behind."""
    readers = os.cpu_count() or 1
    counter.pause_seconds = 0.05
    files = many_pictures(tmp_path, 10 * readers)
    stream = stream_squares(tmp_path, files, SIZE_PX, ahead=len(files))
    next(stream)
    assert reading_threads()
    stream.close()
    assert not reading_threads()
    begun = counter.begun
    assert begun < len(files)
    assert counter.settled(0) == begun


def test_an_error_of_the_taker_leaves_no_thread(tmp_path, reading_threads):
    """A consumer that fails in the middle does not hang on the readers."""

    def take() -> None:
        stream = stream_squares(tmp_path, many_pictures(tmp_path, 20), SIZE_PX, ahead=8)
        try:
            for _ in stream:
                raise RuntimeError("enough")
        finally:
            stream.close()

    with pytest.raises(RuntimeError, match="enough"):
        take()
    assert not reading_threads()


def test_no_files_no_images(tmp_path):
    """Nothing to read gives nothing."""
    assert list(stream_squares(tmp_path, [], SIZE_PX, ahead=4)) == []
