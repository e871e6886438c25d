"""What a dataset of a stranger may not say, and what it may."""

import errno
import io
import os
import pickle
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from imgsort.errors import DatasetError
from imgsort.features.dataset.foreign import checks
from imgsort.features.dataset.reader import Dataset
from imgsort.images.finding.find import ImageFile
from tests.support.datasets import HEAD, LONG_AGO_NS, WIDTH, arrow, bad_row, digest, forged, row, with_column, written

ROWS = 20


def opened(place):
    """Read all of a dataset, the features too."""
    dataset = Dataset.opened(place)
    for _ in dataset.batches():
        pass
    return dataset


def lists(*rows):
    pyarrow = arrow()
    return pyarrow.array(rows, pyarrow.list_(pyarrow.float32()))


GOOD = [[1.0] * WIDTH] * ROWS


@pytest.mark.parametrize(
    "path",
    [
        "../../etc/passwd",
        "/etc/passwd",
        "a/../../b.jpg",
        "a//b.jpg",
        "a/./b.jpg",
        "",
        "%2E%2E/b.jpg",
        "%2Fetc/passwd",
        "..%2Fb.jpg",
        "a%00b.jpg",
        "a\0b.jpg",
        ".imgsort/runs/x",
        "a/.IMGSORT/x",
        "%2Eimgsort/x",
    ],
)
def test_paths_that_lead_out_of_the_folder_are_refused(tmp_path, path):
    """A path is checked like those of a journal, whichever way it is written."""
    place = forged(tmp_path, with_column("path", ["a.jpg"] * (ROWS - 1) + [path]))
    with pytest.raises(DatasetError, match=r"part-0\.parquet.*leads out of the folder"):
        Dataset.opened(place)


def test_odd_paths_are_paths(tmp_path):
    """Spaces, dots, other letters, and bytes that are not UTF-8 lead nowhere else."""
    paths = [" a.jpg", "...", "..a/b", "ü/\udcff.jpg", "-rf", "=1+1", "a%b", "a\nb.jpg", "a\\b.jpg", "x" * 200]
    place = written(tmp_path, [row(number, path) for number, path in enumerate(paths)])
    assert opened(place).rows_of_paths(paths).tolist() == list(range(len(paths)))


def _wrong_columns():
    yield "content", [b"x" * 31] * ROWS, "no SHA-256"
    yield "content", [digest(0)] * ROWS, "'content' is of the type string"
    yield "size", [1.0] * ROWS, "'size' is of the type double"
    yield "size", [None] + [1] * (ROWS - 1), "'size' has empty cells"
    yield "size", [-1] * ROWS, "negative size"
    yield "mtime_ns", ["now"] * ROWS, "'mtime_ns' is of the type string"
    yield "mtime_ns", [None] * (ROWS - 1) + [1], "'mtime_ns' has empty cells"
    yield "path", [7] * ROWS, "'path' is of the type int64"
    yield "path", [None] + ["a.jpg"] * (ROWS - 1), "'path' has empty cells"
    yield "reason", [b"\xff"] * ROWS, "'reason' is of the type .*binary"
    yield "reason", ["damaged"] * ROWS, "features and a reason"
    yield "features", [[1.0] * WIDTH] * ROWS, "list<.*double>"
    yield "features", ["1,2"] * ROWS, "'features' is of the type string"


@pytest.mark.parametrize(("name", "values", "message"), list(_wrong_columns()), ids=lambda value: str(value)[:20])
def test_columns_of_other_types_and_values_are_refused(tmp_path, name, values, message):
    """Only the plain types that imgsort writes are read, and only values that make sense."""
    with pytest.raises(DatasetError, match=message):
        opened(forged(tmp_path, with_column(name, values)))


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([*GOOD[1:], [np.nan] * WIDTH], "no numbers"),
        ([*GOOD[1:], [np.inf] * WIDTH], "infinite"),
        ([*GOOD[1:], [1.0] * (WIDTH + 1)], "different numbers"),
        ([*GOOD[2:], [1.0] * (WIDTH + 1), [1.0] * (WIDTH - 1)], f"holds {WIDTH} features"),
        ([*GOOD[1:], [1.0] * (WIDTH - 1) + [None]], f"holds {WIDTH} features"),
        ([*GOOD[1:], None], "different numbers"),
        ([*GOOD[1:], []], "different numbers"),
        ([None] * ROWS, "features or a reason"),
    ],
)
def test_features_that_are_not_one_matrix_of_numbers_are_refused(tmp_path, rows, message):
    """Rows of other widths, empty rows, and numbers without bounds say nothing about an image."""
    with pytest.raises(DatasetError, match=message):
        opened(forged(tmp_path, with_column("features", lists(*rows))))


def test_a_reason_that_hides_a_missing_row_is_refused(tmp_path):
    """A row has features or a reason, not both and not neither, even if the counts are right."""
    place = forged(
        tmp_path,
        with_column("reason", ["bad", *[None] * (ROWS - 1)], arrow().string()),
        [*(row(number) for number in range(ROWS - 1)), bad_row(ROWS - 1)],
    )
    with pytest.raises(DatasetError, match="features or a reason"):
        opened(place)


def renamed(table):
    columns = table.rename_columns(["path", "content", "size", "size", "features", "reason"])
    return columns.replace_schema_metadata(table.schema.metadata)


def with_parts_of_features(table):
    return table.append_column("features.list.element", table["size"])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda table: table.drop_columns(["reason"]), "no column 'reason'"),
        (renamed, "no column 'mtime_ns'"),
        (lambda table: table.append_column("path", table["path"]), "two of its columns"),
        (with_parts_of_features, "two of its columns"),
        (lambda table: table.replace_schema_metadata(None), r"no imgsort\.recipe"),
        (lambda table: table.replace_schema_metadata({"imgsort.recipe": "x"}), r"no imgsort\.model"),
    ],
    ids="reason twice-size twice-path dots no-metadata half-metadata".split(),
)
def test_other_tables_are_refused(tmp_path, change, message):
    """Columns that are missing or there twice, and metadata that is missing, are named."""
    with pytest.raises(DatasetError, match=message):
        Dataset.opened(forged(tmp_path, change))


class Payload:
    """Makes a file when it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (str(self.path),)


def test_no_extension_type_is_brought_to_life(tmp_path):
    """Extension types are refused in any column, whether this process knows them or not; nothing is unpickled."""
    pyarrow = arrow()
    payload = pickle.dumps(Payload(tmp_path / "owned"))
    marks = {b"ARROW:extension:name": b"arrow.py_extension_type", b"ARROW:extension:metadata": payload}

    def pickled(table):
        field = pyarrow.field("extra", pyarrow.int64(), metadata=marks)
        return table.append_column(field, table["size"])

    def nested(table):
        inner = pyarrow.field("inner", pyarrow.int64(), metadata=marks)
        return table.append_column("extra", pyarrow.array([{"inner": 1}] * len(table), pyarrow.struct([inner])))

    def tensors(table):
        kind = pyarrow.fixed_shape_tensor(pyarrow.float32(), [WIDTH])
        storage = table["features"].combine_chunks()
        return with_column("features", pyarrow.ExtensionArray.from_storage(kind, storage))(table)

    for number, change in enumerate((pickled, nested, tensors)):
        with pytest.raises(DatasetError, match="extension type"):
            Dataset.opened(forged(tmp_path / str(number), change))
    assert not (tmp_path / "owned").exists()


def test_metadata_of_other_programs_is_left_alone(tmp_path):
    """What pandas wrote beside imgsort's words is not looked at, nor are further columns of plain types."""
    payload = pickle.dumps(Payload(tmp_path / "owned"))

    def change(table):
        kept = {**table.schema.metadata, b"pandas": payload, b"PANDAS_ATTRS": payload}
        return table.append_column("label", table["path"]).replace_schema_metadata(kept)

    assert len(opened(forged(tmp_path / "features", change))) == ROWS
    assert not (tmp_path / "owned").exists()


def test_texts_that_repeat_are_bounded(tmp_path):
    """A long text that stands for every row by a few bytes is refused, and so is one text of megabytes."""
    rows = [row(number) for number in range(3000)]
    many = with_column("reason", ["x" * 20_000] * 3000)
    with pytest.raises(DatasetError, match=r"hold .* bytes in a file of"):
        Dataset.opened(forged(tmp_path / "many", many, rows, compression="zstd"))
    long = with_column("reason", ["x" * 10**6, *[None] * (ROWS - 1)])
    with pytest.raises(DatasetError, match="more than 24576 bytes"):
        Dataset.opened(forged(tmp_path / "long", long))
    encoded = {"use_dictionary": False, "column_encoding": {"reason": "DELTA_BYTE_ARRAY"}}
    with pytest.raises(DatasetError, match="'reason' has an encoding"):
        Dataset.opened(forged(tmp_path / "delta", many, rows, **encoded))


def test_rows_that_take_no_room_are_refused(tmp_path):
    """Millions of rows in a few kilobytes are no images."""
    pyarrow = arrow()

    def change(table):
        count = 2_000_000
        repeated = {name: table[name].combine_chunks().take(pyarrow.array(np.zeros(count, int))) for name in SMALL}
        repeated["features"] = pyarrow.nulls(count, table["features"].type)
        repeated["reason"] = pyarrow.array(["bad"] * count)
        return pyarrow.table({name: repeated[name] for name in table.column_names}).replace_schema_metadata(
            table.schema.metadata
        )

    with pytest.raises(DatasetError, match="claims 2000000 rows"):
        Dataset.opened(forged(tmp_path, change, compression="zstd"))


SMALL = ("path", "content", "size", "mtime_ns", "reason")

_BOMB = """
import resource, sys
from pathlib import Path
import pyarrow.parquet
from imgsort.errors import DatasetError
from imgsort.features.dataset.place import FolderPlace
from imgsort.features.dataset.reader import Dataset
resource.setrlimit(resource.RLIMIT_AS, (3 * 2**30, 3 * 2**30))
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
try:
    for _ in Dataset.opened(FolderPlace(Path(sys.argv[1]))).batches():
        pass
except DatasetError as error:
    print(error)
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
"""


def test_a_bomb_is_not_decompressed(tmp_path):
    """A page of 144 MB in a few kilobytes is refused by its header, although the footer says that it is small."""
    pyarrow = arrow()
    width = 1_800_000

    def change(table):
        features = pyarrow.FixedSizeListArray.from_arrays(pyarrow.array(np.zeros(ROWS * width, np.float32)), width)
        return with_column("features", features)(table)

    place = forged(tmp_path, change, compression="zstd", use_dictionary=False, data_page_size=10**9)
    (file,) = tmp_path.iterdir()
    assert file.stat().st_size < 100_000
    done = subprocess.run(
        [sys.executable, "-c", _BOMB, str(place)], capture_output=True, text=True, timeout=120, check=False
    )
    message, grown_mib = done.stdout.strip().split("\n")
    assert "page of its column 'features' claims" in message
    assert int(grown_mib) < 100, done.stderr


def test_rows_that_hold_what_all_should_are_not_decoded(tmp_path, monkeypatch):
    """Some rows that are much longer than the others are refused before they are decoded, whatever the mean says."""
    pyarrow, count = arrow(), 4000
    lengths = np.zeros(count, int)
    lengths[10:1000:100] = 1_000_000
    lengths[10] -= (lengths.sum() + (lengths == 0).sum()) % count  # the mean is whole: an empty row counts as one value
    ends, values = np.cumsum([0, *lengths]).astype(np.int32), np.zeros(lengths.sum(), np.float32)
    change = with_column("features", pyarrow.ListArray.from_arrays(pyarrow.array(ends), pyarrow.array(values)))
    rows = [row(number) for number in range(count)]
    place = forged(tmp_path, change, rows, use_dictionary=["features.list.element"])
    with pytest.raises(DatasetError, match=r"not every row holds 2500 features"):
        opened(place)
    monkeypatch.setattr(checks, "_SPARE_BYTES", 0)
    with pytest.raises(DatasetError, match="a row that holds far more than the others"):
        opened(place)


def test_pages_of_a_few_bytes_that_stand_for_many_values_are_refused(tmp_path):
    """A page says how many values it holds, and a dictionary makes them take no room in the file."""
    width = 1_800_000
    features = arrow().FixedSizeListArray.from_arrays(arrow().array(np.zeros(ROWS * width, np.float32)), width)
    forge = {"use_dictionary": ["features.list.element"], "data_page_size": 10**9}
    with pytest.raises(DatasetError, match="page of its column 'features' claims 144000000 bytes"):
        Dataset.opened(forged(tmp_path, with_column("features", features), **forge))


def test_links_and_damaged_files_are_refused(tmp_path):
    """A part that is a link, a folder, cut short, empty, or anything else is named, with a remedy."""
    written(tmp_path / "good", [row(number) for number in range(ROWS)])
    (good,) = (tmp_path / "good").iterdir()
    data = good.read_bytes()
    footer = int.from_bytes(data[-8:-4], "little")
    bad = {
        "empty": b"",
        "text": b"a,b\n" * 100,
        "cut": data[: len(data) // 2],
        "without_end": data[:-1],
        "without_start": data[500:],
        "footer_too_long": data[:-8] + (2**31).to_bytes(4, "little") + b"PAR1",
        "footer_shorter": data[:-8] + (footer - 9).to_bytes(4, "little") + b"PAR1",
        "encrypted": data[:-4] + b"PARE",
    }
    for name, content in bad.items():
        folder = tmp_path / name
        folder.mkdir()
        (folder / "part.parquet").write_bytes(content)
    for name in ("link", "folder"):
        (tmp_path / name).mkdir()
    (tmp_path / "link" / "part.parquet").symlink_to(good)
    (tmp_path / "folder" / "part.parquet").mkdir()
    for name in (*bad, "link", "folder"):
        with pytest.raises(DatasetError, match=rf"{name}/part\.parquet.*Remove the file"):
            opened(_place(tmp_path / name))


def _place(folder):
    from imgsort.features.dataset.place import FolderPlace

    return FolderPlace(folder)


@pytest.fixture(scope="module")
def good_bytes(tmp_path_factory):
    folder = tmp_path_factory.mktemp("good")
    written(folder, [row(number) for number in range(ROWS - 1)] + [bad_row(ROWS - 1)])
    (file,) = folder.iterdir()
    return file.read_bytes()


class Memory:
    """A place in memory that holds one file."""

    def __init__(self, data):
        self.data = data

    def names(self):
        return ["part.parquet"]

    def opened(self, name):
        return io.BytesIO(self.data)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_damage_is_an_error_or_harmless(good_bytes, data):
    """Whatever bytes are changed, reading ends in a DatasetError, or in finite features of one width."""
    damaged = bytearray(good_bytes)
    for place in data.draw(st.lists(st.integers(0, len(damaged) - 1), min_size=1, max_size=6)):
        damaged[place] = data.draw(st.integers(0, 255))
    try:
        dataset = Dataset.opened(Memory(bytes(damaged)))
        for _, features in dataset.batches():
            assert np.isfinite(features).all()
            assert features.shape[1] == dataset.width
    except DatasetError:
        return


def test_a_part_without_rows_says_nothing(tmp_path):
    """Other programs write files without rows. Nothing is found in one, and beside it everything is."""
    pyarrow = arrow()
    written(tmp_path / "full", [row(0)])
    (file,) = (tmp_path / "full").iterdir()
    pyarrow.parquet.ParquetWriter(tmp_path / "x.parquet", pyarrow.parquet.read_schema(file)).close()
    dataset = opened(_place(tmp_path))
    rows = dataset.rows_of_paths(["a.jpg"])
    assert (len(dataset), rows.tolist(), dataset.rows_of([digest(0)]).tolist()) == (0, [-1], [-1])
    assert not dataset.is_unchanged(rows, [ImageFile("a.jpg", 1, 1)], HEAD.source).any()
    assert len(opened(written(tmp_path, [row(0)]))) == 1


def test_a_file_that_cannot_be_read_now_need_not_be_removed(tmp_path):
    """Where the system says why a part cannot be read, this is the message. It is no reason to remove a part."""
    place = written(tmp_path, [row(0)])

    class Barred:
        names = place.names

        def opened(self, name):
            raise PermissionError(errno.EACCES, "Permission denied", name)

    with pytest.raises(DatasetError, match=r"parquet: it cannot be read \(Permission denied\)") as caught:
        Dataset.opened(Barred())
    assert "Remove" not in str(caught.value)


def test_times_say_something_only_if_they_are_settled(tmp_path):
    """A file that was changed while it was looked at counts as changed, and so does one of another source."""
    fresh = row(1, mtime_ns=10**18 - 10**9)
    dataset = opened(written(tmp_path, [row(0), fresh]))
    paths, sizes, times = ["photo 0.jpg", "photo 1.jpg", "none"], [1000, 1001, 1], [LONG_AGO_NS, fresh.mtime_ns, 1]
    rows = dataset.rows_of_paths(paths)
    assert rows.tolist() == [0, 1, -1]

    def unchanged(sizes, times, source=HEAD.source):
        files = [ImageFile(*stamps) for stamps in zip(paths, sizes, times, strict=True)]
        return dataset.is_unchanged(rows, files, source).tolist()

    assert unchanged(sizes, times) == [True, False, False]
    assert unchanged([1000, 1001, 1], [LONG_AGO_NS + 1, 1, 1]) == [False, False, False]
    assert unchanged([9, 9, 9], times) == [False, False, False]
    assert unchanged(sizes, times, "/other photos") == [False, False, False]
