import hashlib
import pickle

import numpy as np
import pytest

from imgsort.features.dataset.place import FolderPlace
from imgsort.features.dataset.reader import Dataset
from imgsort.features.dataset.writer import DatasetWriter
from imgsort.features.engine import LOCAL, FolderImages
from imgsort.features.extraction import Extraction, prepare_extraction
from imgsort.features.models.pooled_model import PooledModel
from imgsort.images.decoding.decode import DEFAULTS
from imgsort.images.finding.find import find_images
from tests.support.datasets import HEAD, arrow
from tests.support.pictures import encode, gradient
from tests.support.trees import make_tree

TREE = {
    "a.png": encode(gradient(40, 50), "PNG"),
    "b_text.jpg": b"text",
    **{f"c{number}.png": encode(np.roll(gradient(30, 50), 9 * number), "PNG") for number in range(5)},
}


def content(path: str) -> str:
    return hashlib.sha256(TREE[path]).hexdigest()


@pytest.fixture(scope="module")
def extraction(lite_model) -> Extraction:
    pooled = PooledModel(lite_model, 64)
    return prepare_extraction(
        pooled, DEFAULTS, notice=lambda text: None, device="cpu", precision="float32", batch_size=2
    )


@pytest.fixture
def images(tmp_path) -> FolderImages:
    make_tree(tmp_path / "photos", TREE)
    return FolderImages(tmp_path / "photos", find_images(tmp_path / "photos").files)


def test_every_number_has_one_result(images, extraction):
    """The local engine answers in the order it was asked: content and features, or content and reason."""
    asked = [6, 1, 0]
    found = [seen for batch in LOCAL.see(images, asked, extraction) for seen in batch]
    assert [seen.number for seen in found] == asked
    assert [seen.content for seen in found] == [content(images.files[number].path) for number in asked]
    assert [seen.features is None for seen in found] == [False, True, False]
    assert [bool(seen.reason) for seen in found] == [False, True, False]
    assert not any(seen.is_known for seen in found)


def test_a_file_that_cannot_be_opened_has_no_content(images, extraction):
    """A file that is gone is a result with a reason and without a hash."""
    (images.root / "a.png").unlink()
    ((seen,),) = LOCAL.see(images, [0], extraction)
    assert (seen.content, seen.features) == ("", None)
    assert seen.reason.startswith("cannot be opened")


def test_what_is_known_is_not_made_again(images, extraction):
    """Features that are known by the content are passed on as they are."""
    known = {content("c1.png"): np.full(1280, 7, np.float32)}
    batches = list(LOCAL.see(images, range(7), extraction, known=known.get))
    passed_on = [seen for batch in batches for seen in batch if seen.is_known]
    assert [images.files[seen.number].path for seen in passed_on] == ["c1.png"]
    assert (passed_on[0].features == 7).all()


def test_images_travel_in_pieces(images, extraction):
    """A piece of the images is numbered anew, can be pickled, and gives the features of those images."""
    piece = pickle.loads(pickle.dumps(images.only([6, 2])))
    assert [file.path for file in piece.files] == [images.files[6].path, images.files[2].path]
    whole = {seen.number: seen.features for batch in LOCAL.see(images, range(7), extraction) for seen in batch}
    ((first, second),) = LOCAL.see(piece, range(2), extraction)
    assert np.allclose(first.features, whole[6], rtol=1e-4, atol=1e-5)
    assert np.allclose(second.features, whole[2], rtol=1e-4, atol=1e-5)


def test_results_go_into_a_dataset(images, extraction, tmp_path):
    """`see_into` gives the same results, and the dataset has a row for each image."""
    arrow()
    place = FolderPlace(tmp_path / "features")
    with DatasetWriter(place, HEAD) as writer:
        found = [seen for batch in LOCAL.see_into(writer, images, range(7), extraction) for seen in batch]
    dataset = Dataset.opened(place)
    rows = dataset.rows_of([seen.content for seen in found])
    assert dataset.rows_of_paths([file.path for file in images.files]).tolist() == rows.tolist()
    assert list(dataset.reasons) == [rows[1]]
    good = [seen for seen in found if not seen.reason]
    expected = np.stack([seen.features for seen in good])
    assert np.array_equal(dataset.matrix(dataset.rows_of([seen.content for seen in good])), expected)
