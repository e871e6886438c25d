from dataclasses import replace

import numpy as np
import pytest

from imgsort.features.dataset.part import Row, part_name, rows_in_part, write_part
from imgsort.features.dataset.place import FolderPlace
from imgsort.features.seen import SeenImage
from imgsort.images.finding.find import ImageFile
from tests.support.datasets import HEAD, WIDTH, arrow, bad_row, digest, row, vector, written
from tests.support.trees import names


def read(folder):
    (file,) = folder.iterdir()
    return arrow().parquet.read_table(file)


def test_the_columns_are_plain_arrow_types(tmp_path):
    """Paths, contents, sizes, times, features as a fixed-size list of float32, reasons; and the metadata as text."""
    pyarrow = arrow()
    written(tmp_path, [row(0, "a/ü;=\udcff%.jpg"), bad_row(1, content="")])
    table = read(tmp_path)
    assert table.schema.remove_metadata() == pyarrow.schema(
        {
            "path": pyarrow.string(),
            "content": pyarrow.binary(32),
            "size": pyarrow.int64(),
            "mtime_ns": pyarrow.int64(),
            "features": pyarrow.list_(pyarrow.float32(), WIDTH),
            "reason": pyarrow.string(),
        }
    )
    assert table.to_pylist() == [
        {
            "path": "a/ü%3B=%FF%25.jpg",
            "content": bytes.fromhex(digest(0)),
            "size": 1000,
            "mtime_ns": 10**17,
            "features": vector(0).tolist(),
            "reason": None,
        },
        {
            "path": "photo 1.jpg",
            "content": None,
            "size": 1001,
            "mtime_ns": 10**17,
            "features": None,
            "reason": "empty file (0 bytes)",
        },
    ]
    assert {key for key in table.schema.metadata if not key.startswith(b"imgsort.")} == set()


@pytest.mark.parametrize("package", ["pandas", "polars", "duckdb"])
def test_others_read_a_part(tmp_path, package):
    """pandas, polars and DuckDB read the same paths and numbers."""
    module = pytest.importorskip(package)
    written(tmp_path, [row(number) for number in range(5)])
    (file,) = map(str, tmp_path.iterdir())
    if package == "duckdb":
        found = [
            [path, list(features)] for path, features in module.sql(f"SELECT path, features FROM '{file}'").fetchall()
        ]
    elif package == "polars":
        found = [[each["path"], list(each["features"])] for each in module.read_parquet(file).to_dicts()]
    else:
        frame = module.read_parquet(file)
        found = [[path, list(features)] for path, features in zip(frame["path"], frame["features"], strict=True)]
    assert found == [[f"photo {number}.jpg", vector(number).tolist()] for number in range(5)]


def test_a_block_made_twice_is_one_file(tmp_path):
    """The name depends on the images and the recipe alone, so that a second try of a block makes no second file."""
    rows = [row(number) for number in range(3)]
    first = write_part(FolderPlace(tmp_path), HEAD, rows) if arrow() else ""
    shaky = [replace(each, features=each.features * np.float32(1.0001)) for each in rows]
    assert write_part(FolderPlace(tmp_path), replace(HEAD, began_ns=HEAD.began_ns + 5), shaky) == first
    assert set(names(tmp_path)) == {first}
    others = (
        rows[:2],
        [*rows[:2], row(2, size=9)],
        [*rows[:2], row(2, mtime_ns=9)],
        [*rows[:2], row(2, content=digest(9))],
    )
    assert (
        len({part_name(HEAD, each) for each in others} | {first, part_name(replace(HEAD, recipe="other"), rows)}) == 6
    )


def test_an_image_changed_a_moment_ago_has_a_row_in_each_run():
    """A later run writes the row of such an image again, because only then its time shows every change."""
    fresh = [row(0, mtime_ns=HEAD.began_ns - 10**9)]
    assert part_name(HEAD, fresh) != part_name(replace(HEAD, began_ns=HEAD.began_ns + 10**10), fresh)
    assert part_name(HEAD, fresh) == part_name(HEAD, fresh)


def test_a_part_takes_tens_of_megabytes():
    """Wide features come in parts of fewer rows, and one row is always a part."""
    assert rows_in_part(10) == 4096
    assert rows_in_part(100_000) * 400_000 <= 32 * 1024**2
    assert rows_in_part(10**9) == 1


def test_odd_times_and_reasons_do_not_stop_a_run(tmp_path):
    """A time that 64 bits cannot hold is the last one that they can; a reason may name bytes that are not UTF-8."""
    place = FolderPlace(tmp_path)
    arrow()
    for number, time_ns in enumerate((10**20, -(10**20))):
        file = ImageFile(f"{number}.jpg", 5, time_ns)
        write_part(place, HEAD, [Row.of(file, SeenImage(number, digest(number), reason="no image: \udcff.jpg"))])
    rows = [arrow().parquet.read_table(file).to_pylist()[0] for file in tmp_path.iterdir()]
    assert {row["mtime_ns"] for row in rows} == {2**63 - 1, -(2**63)}
    assert {row["reason"] for row in rows} == {"no image: \\udcff.jpg"}
