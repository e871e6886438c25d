import pytest

from imgsort.features.dataset import part, writer
from imgsort.features.dataset.place import FolderPlace
from imgsort.features.dataset.reader import Dataset
from imgsort.features.dataset.writer import DatasetWriter
from imgsort.features.seen import SeenImage
from imgsort.images.finding.find import ImageFile
from tests.support.datasets import HEAD, arrow, digest, vector


def put(into, *numbers, bad=()):
    for number in numbers:
        seen = SeenImage(number, digest(number), None if number in bad else vector(number), "bad" * (number in bad))
        into.put(ImageFile(f"{number}.jpg", number, 5), seen)


@pytest.fixture
def place(tmp_path, monkeypatch):
    arrow()
    monkeypatch.setattr(writer, "rows_in_part", lambda width: 3)
    return FolderPlace(tmp_path / "features")


def test_rows_are_written_a_part_at_a_time(place):
    """A part is on the disk as soon as it is full, and the rest when the writer is closed."""
    with DatasetWriter(place, HEAD) as into:
        put(into, 0, 1)
        assert place.names() == []
        put(into, 2, 3)
        assert len(place.names()) == 1
        put(into, 4)
    dataset = Dataset.opened(place)
    assert [len(each) for each in dataset.parts] in ([3, 2], [2, 3])
    assert sorted(dataset.rows_of([digest(number) for number in range(5)]).tolist()) == [0, 1, 2, 3, 4]


def test_rows_are_written_when_the_work_is_broken_off(place):
    """Ctrl-C keeps the rows that were taken."""
    with pytest.raises(KeyboardInterrupt), DatasetWriter(place, HEAD) as into:
        put(into, 0, 1)
        raise KeyboardInterrupt
    assert len(Dataset.opened(place)) == 2


def test_bad_images_wait_until_the_width_is_known(place):
    """A part of bad images alone has the width of the others, so that polars reads all parts together."""
    with DatasetWriter(place, HEAD) as into:
        put(into, 0, 1, 2, 3, 4, bad=range(4))
        put(into, 5, 6, 7, bad=(5, 6, 7))
    kinds = {str(arrow().parquet.read_schema(place.folder / name).field("features").type) for name in place.names()}
    assert kinds == {"fixed_size_list<element: float>[6]"}
    dataset = Dataset.opened(place)
    assert (len(dataset), dataset.width, len(dataset.reasons)) == (8, 6, 7)


def test_images_that_are_all_bad_make_a_dataset_too(place):
    """Such a dataset has no features, and is read."""
    with DatasetWriter(place, HEAD) as into:
        put(into, 0, 1, bad=(0, 1))
    dataset = Dataset.opened(place)
    assert (len(dataset), dataset.width, dataset.reasons) == (2, 0, {0: "bad", 1: "bad"})


def test_an_empty_writer_makes_nothing(place):
    """A dataset of no rows has no file, nor a folder."""
    with DatasetWriter(place, HEAD):
        pass
    assert not place.folder.exists()
    assert part.rows_in_part(6) == 4096
