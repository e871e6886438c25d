import hashlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from imgsort.errors import WeightsError
from imgsort.features.choose import ChosenModel
from imgsort.features.extract import Features, KerasExtractor, default_batch_size, extract_rows
from imgsort.images.decode import decode
from imgsort.images.find import ImageFile, Unreadable, find_images
from imgsort.images.letterbox import letterbox
from tests.images.pictures import encode, gradient
from tests.trees import make_tree

SIDE_PX = 64

# Seven pictures and three bad files, in an order in which the bad ones are first, in the middle and last.
TREE = {
    "a_empty.jpg": b"",
    **{f"b{number}.png": encode(np.roll(gradient(30 + 9 * number, 50), 40 * number), "PNG") for number in range(4)},
    "c_text.jpg": b"text",
    **{f"d{number}.jpg": encode(gradient(20, 30 + 9 * number)[::-1, :, ::-1], "JPEG") for number in range(3)},
    "e_cut.png": encode(gradient(), "PNG")[:-30],
}
GOOD = [path for path in TREE if path[0] in "bd"]


@pytest.fixture(scope="module")
def extractors(lite_model: ChosenModel) -> dict[int, KerasExtractor]:
    """Extractors by batch size."""
    return {size: KerasExtractor(lite_model, size_px=SIDE_PX, batch_size=size, device="cpu") for size in (1, 3, 7)}


@pytest.fixture
def collection(tmp_path: Path) -> Path:
    make_tree(tmp_path / "collection", TREE)
    return tmp_path / "collection"


def extract(root: Path, extractor: KerasExtractor) -> tuple[Features, list[tuple[int, int]]]:
    progress: list[tuple[int, int]] = []
    features = extract_rows(root, find_images(root).files, extractor, lambda *call: progress.append(call))
    return features, progress


def test_every_file_is_a_row_or_has_a_reason(collection, extractors):
    """Rows are in the order of the files with the hash of each; bad files are named; progress comes to its end."""
    features, progress = extract(collection, extractors[3])
    assert [file.path for file in features.files] == GOOD
    assert features.contents == tuple(hashlib.sha256(TREE[path]).hexdigest() for path in GOOD)
    assert (features.matrix.shape, features.matrix.dtype) == ((7, 1280), np.float32)
    assert [row.path for row in features.unreadable] == ["a_empty.jpg", "c_text.jpg", "e_cut.png"]
    assert features.unreadable[0] == Unreadable("a_empty.jpg", "empty file (0 bytes)")
    assert progress == [(number, 10) for number in range(1, 11)]


def test_each_row_is_its_own_files(collection, extractors):
    """A row is what the extractor says of that file's picture alone: no row is another's."""
    features, _ = extract(collection, extractors[3])
    for path, row in zip(GOOD, features.matrix, strict=True):
        square = letterbox(decode(TREE[path]), SIDE_PX)
        (alone,) = extractors[1].extract(square[None])
        assert np.allclose(row, alone, rtol=1e-4, atol=1e-5)
    distances = np.linalg.norm(features.matrix[:, None] - features.matrix[None], axis=-1)
    assert (distances[~np.eye(7, dtype=bool)] > 0.1).all()


def test_the_batch_size_does_not_matter(collection, extractors):
    """Batches of one, three (the last one short) and seven give the same features."""
    one, three, seven = (extract(collection, extractors[size])[0].matrix for size in (1, 3, 7))
    assert np.allclose(one, seven, rtol=1e-4, atol=1e-5)
    assert np.allclose(three, seven, rtol=1e-4, atol=1e-5)


def test_a_short_batch_is_not_traced_anew(extractors):
    """Full and short batches run the same graph: it is traced once, and padding does not change what it says."""
    pixels = np.stack([letterbox(decode(TREE[path]), SIDE_PX) for path in GOOD[:3]])
    extractor = extractors[3]
    whole = extractor.extract(pixels)
    for count in (1, 2):
        short = extractor.extract(pixels[:count])
        assert short.shape == (count, 1280)
        assert np.allclose(short, whole[:count], rtol=1e-4, atol=1e-5)
    assert extractor._run.experimental_get_tracing_count() == 1


def test_content_order_follows_the_bytes_not_the_names(collection, extractors):
    """Rows ordered by content stay so when files are renamed."""
    features, _ = extract(collection, extractors[7])
    ordered = [features.contents[row] for row in features.content_order]
    assert ordered == sorted(features.contents)
    assert ordered != list(features.contents)
    for number, path in enumerate(reversed(GOOD)):
        (collection / path).rename(collection / f"renamed{number}.png")
    renamed, _ = extract(collection, extractors[7])
    assert [renamed.contents[row] for row in renamed.content_order] == ordered
    assert np.allclose(
        renamed.matrix[renamed.content_order], features.matrix[features.content_order], rtol=1e-4, atol=1e-5
    )


def test_equal_contents_keep_the_order_of_the_files():
    """Copies of one picture cannot be told apart by content: they stay in the order of the files."""
    files = tuple(ImageFile(path, 1, 1) for path in "abcd")
    features = Features(files, ("2", "1", "2", "1"), np.zeros((4, 1), np.float32), ())
    assert features.content_order.tolist() == [1, 3, 0, 2]


def test_no_readable_file_gives_no_row(tmp_path, extractors):
    """Bad files only, or none at all, give a matrix without rows."""
    make_tree(tmp_path, {"bad.jpg": b"text"})
    features, progress = extract(tmp_path, extractors[3])
    assert (features.matrix.shape, features.files, features.contents) == ((0, 1280), (), ())
    assert (len(features.unreadable), progress) == (1, [(1, 1)])
    (tmp_path / "bad.jpg").unlink()
    features, progress = extract(tmp_path, extractors[3])
    assert (features.matrix.shape, progress) == ((0, 1280), [])


@pytest.mark.parametrize(
    ("size_px", "expected"), [(32, 32), (128, 32), (224, 32), (225, 31), (500, 6), (1000, 1), (4000, 1)]
)
def test_batches_are_smaller_for_larger_pictures(size_px, expected):
    """The default batch holds about as many pixels whatever the size, at least one picture and at most 32."""
    assert default_batch_size(size_px) == expected


def test_defaults_are_the_models(lite_model):
    """Without options the model's own size is used, and one average for each channel."""
    extractor = KerasExtractor(lite_model, device="cpu")
    assert (extractor.size_px, extractor.batch_size, extractor.width) == (224, 32, 1280)
    assert extractor.device_name == "cpu"


def test_weights_of_another_kind_are_refused(lite_model, tmp_path):
    """A model whose file is not its own is an error before any image is read."""
    (tmp_path / "mine.h5").write_bytes(b"no weights")
    with pytest.raises(WeightsError, match=r"mine\.h5"):
        KerasExtractor(
            replace(lite_model, weights_file=tmp_path / "mine.h5", origin="mine.h5"), size_px=SIDE_PX, device="cpu"
        )
