import contextlib
import hashlib
import os
import threading
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from imgsort import mapped
from imgsort.errors import WeightsError
from imgsort.features import engine, extract
from imgsort.features.cache.feature_cache import FeatureCache
from imgsort.features.engine import FolderImages
from imgsort.features.extract import Features, extract_rows
from imgsort.features.extraction import Extraction, prepare_extraction
from imgsort.features.models.choose import ChosenModel
from imgsort.features.models.pooled_model import PooledModel
from imgsort.images.decoding.decode import DEFAULTS, decode
from imgsort.images.decoding.letterbox import Square
from imgsort.images.finding.find import ImageFile, Unreadable, find_images
from tests.support.pictures import encode, gradient
from tests.support.trees import make_tree

SIDE_PX = 64

# Seven pictures and three bad files. The bad files come first, in the middle and last.
TREE = {
    "a_empty.jpg": b"",
    **{f"b{number}.png": encode(np.roll(gradient(30 + 9 * number, 50), 40 * number), "PNG") for number in range(4)},
    "c_text.jpg": b"text",
    **{f"d{number}.jpg": encode(gradient(20, 30 + 9 * number)[::-1, :, ::-1], "JPEG") for number in range(3)},
    "e_cut.png": encode(gradient(), "PNG")[:-30],
}
GOOD = [path for path in TREE if path[0] in "bd"]


@pytest.fixture(scope="module")
def extractions(lite_model: ChosenModel) -> dict[int, Extraction]:
    """Extractions by batch size."""
    pooled = PooledModel(lite_model, SIDE_PX)
    options = {"notice": lambda text: None, "device": "cpu", "precision": "float32"}
    return {size: prepare_extraction(pooled, DEFAULTS, batch_size=size, **options) for size in (1, 3, 7)}


@pytest.fixture
def collection(tmp_path: Path) -> Path:
    make_tree(tmp_path / "collection", TREE)
    return tmp_path / "collection"


def extracted(root: Path, extraction: Extraction, **options: object) -> tuple[Features, list[tuple[int, int]]]:
    progress: list[tuple[int, int]] = []
    images = FolderImages(root, find_images(root).files)
    features = extract_rows(images, extraction, lambda *call: progress.append(call), **options)
    return features, progress


def test_every_file_is_a_row_or_has_a_reason(collection, extractions):
    """Every file becomes a row or is listed as unreadable.

    Rows are in the order of the files, and each has the hash of its file. The progress reaches its end.
    """
    features, progress = extracted(collection, extractions[3])
    assert [file.path for file in features.files] == GOOD
    assert features.contents == tuple(hashlib.sha256(TREE[path]).hexdigest() for path in GOOD)
    assert (features.matrix.shape, features.matrix.dtype) == ((7, 1280), np.float32)
    assert [row.path for row in features.unreadable] == ["a_empty.jpg", "c_text.jpg", "e_cut.png"]
    assert features.unreadable[0] == Unreadable("a_empty.jpg", "empty file (0 bytes)")
    assert progress == [(number, 10) for number in range(1, 11)]


def test_each_row_is_its_own_files(collection, extractions):
    """A row holds what the extractor gives for the picture of its own file, and for no other."""
    features, _ = extracted(collection, extractions[3])
    for path, row in zip(GOOD, features.matrix, strict=True):
        square = Square(SIDE_PX).fill(decode(TREE[path]))
        (alone,) = extractions[1].extractor.extract(square[None])
        assert np.allclose(row, alone, rtol=1e-4, atol=1e-5)
    distances = np.linalg.norm(features.matrix[:, None] - features.matrix[None], axis=-1)
    assert (distances[~np.eye(7, dtype=bool)] > 0.1).all()


def test_the_batch_size_does_not_matter(collection, extractions):
    """Batches of one, three (the last one is short) and seven pictures give the same features."""
    one, three, seven = (extracted(collection, extractions[size])[0].matrix for size in (1, 3, 7))
    assert np.allclose(one, seven, rtol=1e-4, atol=1e-5)
    assert np.allclose(three, seven, rtol=1e-4, atol=1e-5)


def test_content_order_follows_the_bytes_not_the_names(collection, extractions):
    """Rows ordered by content keep this order when the files are renamed."""
    features, _ = extracted(collection, extractions[7])
    ordered = [features.contents[row] for row in features.content_order]
    assert ordered == sorted(features.contents)
    assert ordered != list(features.contents)
    for number, path in enumerate(reversed(GOOD)):
        (collection / path).rename(collection / f"renamed{number}.png")
    renamed, _ = extracted(collection, extractions[7])
    assert [renamed.contents[row] for row in renamed.content_order] == ordered
    assert np.allclose(
        renamed.matrix[renamed.content_order], features.matrix[features.content_order], rtol=1e-4, atol=1e-5
    )


def test_equal_contents_keep_the_order_of_the_files():
    """Copies of one picture stay in the order of the files, because their contents are equal."""
    files = tuple(ImageFile(path, 1, 1) for path in "abcd")
    features = Features(files, ("2", "1", "2", "1"), np.zeros((4, 1), np.float32), ())
    assert features.content_order.tolist() == [1, 3, 0, 2]


def test_no_readable_file_gives_no_row(tmp_path, extractions):
    """If all files are bad, or if there are no files, the matrix has no rows."""
    make_tree(tmp_path, {"bad.jpg": b"text"})
    features, progress = extracted(tmp_path, extractions[3])
    assert (len(features.matrix), features.files, features.contents) == (0, (), ())
    assert (len(features.unreadable), progress) == (1, [(1, 1)])
    (tmp_path / "bad.jpg").unlink()
    features, progress = extracted(tmp_path, extractions[3])
    assert (len(features.matrix), progress) == (0, [])


class Counting:
    """Passes pictures on to an extractor, and counts them. `extraction` is an extraction with this extractor."""

    def __init__(self, extraction: Extraction) -> None:
        self.extractor = extraction.extractor
        self.size_px, self.batch_size = self.extractor.size_px, self.extractor.batch_size
        self.extraction = replace(extraction, extractor=self)
        self.pictures = 0
        self._lock = threading.Lock()

    def extract(self, pixels: np.ndarray) -> np.ndarray:
        with self._lock:
            self.pictures += len(pixels)
        return self.extractor.extract(pixels)


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """A function that opens a cache in which other tests have left nothing."""
    monkeypatch.setenv("IMGSORT_CACHE_DIR", str(tmp_path / "cache"))
    return lambda **options: contextlib.closing(FeatureCache("recipe", notice=pytest.fail, **options))


def make_older(root: Path) -> None:
    """Set the time of every file to a minute ago. The cache does not trust the time of a file that was just written."""
    for file in root.iterdir():
        os.utime(file, ns=(time.time_ns(), time.time_ns() - 60 * 10**9))


def test_a_second_look_asks_the_model_nothing(collection, extractions, cache, monkeypatch):
    """A second look does not run the model.

    Features, order and bad files are the same, and the good files are not even opened.
    """
    make_older(collection)
    counting = Counting(extractions[3])
    with cache() as opened:
        first, _ = extracted(collection, counting.extraction, cache=opened)
    assert (counting.pictures, first.cached) == (7, 0)
    opened_files = []
    real = engine.bytes_of
    monkeypatch.setattr(engine, "bytes_of", lambda root, file: opened_files.append(file.path) or real(root, file))
    with cache() as opened:
        second, progress = extracted(collection, counting.extraction, cache=opened)
    assert (counting.pictures, second.cached) == (7, 7)
    assert sorted(opened_files) == ["a_empty.jpg", "c_text.jpg", "e_cut.png"]
    assert np.array_equal(first.matrix, second.matrix)
    assert (first.files, first.contents, first.unreadable) == (second.files, second.contents, second.unreadable)
    assert progress == [(number, 10) for number in range(1, 11)]


def test_moved_and_changed_files_are_told_apart(collection, extractions, cache):
    """A renamed file keeps its features. A changed file gets the features of its new bytes."""
    make_older(collection)
    counting = Counting(extractions[3])
    with cache() as opened:
        extracted(collection, counting.extraction, cache=opened)
    (collection / "b0.png").rename(collection / "z0.png")
    (collection / "b1.png").write_bytes(TREE["b2.png"])
    (collection / "d0.jpg").write_bytes(encode(gradient(41, 23), "JPEG"))
    with cache() as opened:
        features, _ = extracted(collection, counting.extraction, cache=opened)
    assert counting.pictures == 8
    fresh, _ = extracted(collection, extractions[3])
    assert features.contents == fresh.contents
    assert np.array_equal(features.matrix, fresh.matrix)


def test_verify_reads_every_file(tmp_path, extractions, cache):
    """With `verify`, a file with new bytes is noticed even if its size and time are the old ones."""
    before, after = (encode(picture, "BMP") for picture in (gradient(30, 50), np.roll(gradient(30, 50), 9)))
    assert len(before) == len(after)
    root = tmp_path / "collection"
    make_tree(root, {"a.bmp": before})
    make_older(root)
    times = (root / "a.bmp").stat()
    with cache() as opened:
        extracted(root, extractions[1], cache=opened)
    (root / "a.bmp").write_bytes(after)
    os.utime(root / "a.bmp", ns=(times.st_atime_ns, times.st_mtime_ns))
    for verify, data in ((False, before), (True, after)):
        with cache(verify=verify) as opened:
            features, _ = extracted(root, extractions[1], cache=opened)
        assert features.contents == (hashlib.sha256(data).hexdigest(),)


def test_work_that_was_broken_off_is_kept(collection, extractions, cache):
    """If the model fails part way, the next start finds the features that were made before."""
    make_older(collection)

    class Failing(Counting):
        def extract(self, pixels: np.ndarray) -> np.ndarray:
            if self.pictures >= 3:
                raise KeyboardInterrupt
            return super().extract(pixels)

    with pytest.raises(KeyboardInterrupt), cache() as opened:
        extracted(collection, Failing(extractions[1]).extraction, cache=opened)
    counting = Counting(extractions[1])
    with cache() as opened:
        features, _ = extracted(collection, counting.extraction, cache=opened)
    assert features.cached >= 1
    assert features.cached + counting.pictures == 7


def test_other_work_begins_when_the_cache_has_answered(collection, extractions, cache):
    """`meanwhile` is called once, after the cached files and before any file is read."""
    make_older(collection)
    with cache() as opened:
        extracted(collection, extractions[3], cache=opened)
    seen: list[object] = []
    with cache() as opened:
        extract_rows(
            FolderImages(collection, find_images(collection).files),
            extractions[3],
            lambda done, total: seen.append(done),
            cache=opened,
            meanwhile=lambda: seen.append("now"),
        )
    assert seen == [1, 2, 3, 4, 5, 6, 7, "now", 8, 9, 10]


def test_a_large_matrix_lies_in_a_file(collection, extractions, monkeypatch):
    """Above a limit, the features lie in a mapped file, and their numbers are the same."""
    expected, _ = extracted(collection, extractions[3])
    monkeypatch.setattr(mapped, "MOST_RESIDENT_BYTES", 1000)
    monkeypatch.setattr(extract, "_ROWS_AT_A_TIME", 2)
    features, _ = extracted(collection, extractions[3])
    assert not features.matrix.flags.owndata
    assert np.array_equal(features.matrix, expected.matrix)


def test_numbers_without_bounds_are_an_error_and_are_not_kept(collection, extractions, cache):
    """Infinite features are an error, and the cache does not keep them.

    They say nothing about an image, and they would spoil every later run.
    """

    class Overflowing(Counting):
        def extract(self, pixels: np.ndarray) -> np.ndarray:
            return np.full_like(super().extract(pixels), np.inf)

    with pytest.raises(WeightsError, match="--precision float32"), cache() as opened:
        extracted(collection, Overflowing(extractions[1]).extraction, cache=opened)
    with cache() as opened:
        assert extracted(collection, extractions[1], cache=opened)[0].cached == 0
