import time
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imgsort import mapped
from imgsort.errors import DatasetError
from imgsort.features.dataset.content_index import ContentIndex
from imgsort.features.dataset.place import FolderPlace
from imgsort.features.dataset.reader import Dataset
from tests.support.datasets import HEAD, WIDTH, arrow, bad_row, digest, forged, row, vector, with_column, written


def test_rows_are_found_by_content_and_their_features_by_row(tmp_path, monkeypatch):
    """Features come in the order that was asked for, each as often as it was, also in a mapped file."""
    written(tmp_path, [row(number) for number in range(40)], [row(number) for number in range(40, 50)])
    dataset = Dataset.opened(FolderPlace(tmp_path))
    asked = [7, 49, 7, 0, 45, 39]
    rows = dataset.rows_of([*map(digest, asked), digest(99), ""])
    assert (rows >= 0).tolist() == [True] * 6 + [False] * 2
    expected = np.stack([vector(number) for number in asked])
    assert np.array_equal(dataset.matrix(rows[:6]), expected)
    monkeypatch.setattr(mapped, "MOST_RESIDENT_BYTES", 10)
    assert np.array_equal(dataset.matrix(rows[:6]), expected)
    assert (len(dataset), dataset.width) == (50, WIDTH)


def test_batches_cover_all_rows_once(tmp_path):
    """Batches follow one another; a row without features is zeros."""
    written(tmp_path, [row(0), bad_row(1), row(2)])
    dataset = Dataset.opened(FolderPlace(tmp_path))
    batches = list(dataset.batches())
    assert [start for start, _ in batches] == [0]
    assert np.array_equal(batches[0][1], [vector(0), np.zeros(WIDTH), vector(2)])
    assert dataset.reasons == {1: "empty file (0 bytes)"}


def test_only_parts_with_rows_that_are_asked_for_are_read(tmp_path):
    """One row of a large dataset is read without the others."""
    place = written(tmp_path, [row(0)], [row(1)])
    dataset = Dataset.opened(place)
    (asked,) = dataset.rows_of([digest(1)])
    (tmp_path / dataset.parts[1 - asked].name).write_bytes(b"")
    assert np.array_equal(dataset.matrix(np.array([asked])), [vector(1)])


def test_a_dataset_of_unreadable_images_has_no_features(tmp_path):
    """If no image could be read, there are reasons and no features."""
    dataset = Dataset.opened(written(tmp_path, [bad_row(0), bad_row(1)]))
    assert dataset.matrix(np.array([], int)).shape == (0, 0)
    assert [features.shape for _, features in dataset.batches()] == [(2, 0)]


def test_the_newest_row_of_a_path_and_of_a_content_wins(tmp_path):
    """A part of a later run comes after those of earlier ones, whatever its name is."""
    for run in range(6):
        written(tmp_path, [row(run, "same.jpg"), row(9, f"{run}.jpg", features=vector(run))], head=later(run))
    dataset = Dataset.opened(FolderPlace(tmp_path))
    (newest,) = dataset.rows_of_paths(["same.jpg"])
    assert np.array_equal(dataset.matrix(np.array([newest])), [vector(5)])
    assert np.array_equal(dataset.matrix(dataset.rows_of([digest(9)])), [vector(5)])
    assert (len(dataset), dataset.path_count, dataset.head) == (12, 7, later(5))


def later(seconds):
    return replace(HEAD, began_ns=HEAD.began_ns + seconds * 10**9)


def test_parts_that_do_not_go_together_are_refused(tmp_path):
    """Features of two recipes, models or widths cannot be compared."""
    others = {
        "recipe": ([row(1)], replace(HEAD, recipe="other")),
        "model": ([row(1)], replace(HEAD, model={"name": "vgg16"})),
        "width": ([row(1, features=vector(1, WIDTH + 1))], HEAD),
    }
    for name, (rows, head) in others.items():
        written(tmp_path / name, [row(0)])
        with pytest.raises(DatasetError, match="different"):
            Dataset.opened(written(tmp_path / name, rows, head=head))


def test_a_folder_without_parts_is_no_dataset(tmp_path):
    """An empty folder, one that is missing, and one with other files are named."""
    arrow()
    (tmp_path / "empty").mkdir()
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "x.csv").write_text("a")
    for name in ("empty", "other", "missing"):
        with pytest.raises(DatasetError, match=f"{name}: there are no features"):
            Dataset.opened(FolderPlace(tmp_path / name))


@pytest.mark.parametrize("package", ["pandas", "polars", "duckdb"])
def test_what_others_write_is_read(tmp_path, package):
    """A part that pandas, polars or DuckDB has written again says the same."""
    module = pytest.importorskip(package)
    rows = [row(0), bad_row(1), row(2, "ü.jpg"), bad_row(3, content="")]
    written(tmp_path, rows)
    (file,) = map(str, tmp_path.iterdir())
    expected = Dataset.opened(FolderPlace(tmp_path))
    again = tmp_path / "again"
    again.mkdir()
    metadata = HEAD.to_metadata()
    if package == "polars":
        module.read_parquet(file).write_parquet(again / "x.parquet", metadata=metadata)
    elif package == "duckdb":
        words = ", ".join(f"'{name}': '{text}'" for name, text in metadata.items())
        module.sql(f"COPY (FROM '{file}') TO '{again}/x.parquet' (FORMAT parquet, KV_METADATA {{{words}}})")
    else:
        table = arrow().Table.from_pandas(module.read_parquet(file))
        kept = {**table.schema.metadata, **metadata}
        arrow().parquet.write_table(table.replace_schema_metadata(kept), again / "x.parquet")
    found = Dataset.opened(FolderPlace(again))
    numbers = np.arange(4)
    assert np.array_equal(found.matrix(numbers), expected.matrix(numbers))
    assert np.array_equal(found.contents, expected.contents)
    assert (found.reasons, found.head) == (expected.reasons, expected.head)
    assert found.rows_of_paths(["ü.jpg", "x"]).tolist() == [2, -1]


def test_rows_in_many_row_groups_are_read(tmp_path):
    """How a writer divides a file makes no difference."""
    place = forged(tmp_path, lambda table: table, row_group_size=3, data_page_size=10, compression="gzip")
    assert np.array_equal(Dataset.opened(place).matrix(np.arange(20)), [vector(number) for number in range(20)])


def test_pandas_categories_are_texts(tmp_path):
    """A column of texts may be stored as a dictionary, also for those who wrote it as one."""
    pyarrow = arrow()
    texts = pyarrow.array([f"{number % 3}.jpg" for number in range(20)]).dictionary_encode()
    assert Dataset.opened(forged(tmp_path, with_column("path", texts))).path_count == 3


def test_contents_made_to_be_alike_cost_nothing():
    """Contents that a stranger made differ in a few bits only, at any place. They are found at once all the same."""
    rows = np.zeros((100_000, 32), np.uint8)
    for place in (0, 28):
        rows[:, place : place + 4] = np.arange(len(rows), dtype="<u4").view(np.uint8).reshape(-1, 4)
        began = time.process_time()
        assert np.array_equal(ContentIndex(rows).find(rows[::-1]), np.arange(len(rows))[::-1])
        assert time.process_time() - began < 5
        rows[:] = 0


contents = st.lists(
    st.sampled_from([bytes([a]) * 8 + bytes([b]) * 24 for a in range(3) for b in range(3)]), max_size=12
)


@settings(deadline=None)
@given(contents, contents)
def test_contents_that_begin_alike_are_told_apart(kept, wanted):
    """The last row with all 32 bytes is found, and -1 where there is none."""
    rows, asked = (np.frombuffer(b"".join(each), np.uint8).reshape(-1, 32) for each in (kept, wanted))
    last = {content: number for number, content in enumerate(kept)}
    assert ContentIndex(rows).find(asked).tolist() == [last.get(content, -1) for content in wanted]
