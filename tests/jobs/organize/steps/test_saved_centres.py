"""Tests saved centres: reading gives back what a run saved, and refuses an untrusted file with a clear error."""

import json
import os
import pickle
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from imgsort.errors import JournalError
from imgsort.filing.paths import is_safe_relative
from imgsort.grouping.centres import Centres
from imgsort.jobs.organize.steps import saved_centres
from imgsort.jobs.organize.steps.saved_centres import MAX_BYTES, SavedCentres
from tests.support.trees import make_tree, names, read_tree

FIRST, SECOND, THIRD = "20260101-000000-000", "20260101-000000-001", "20260102-000000-000"
DONE, UNDONE = b'{"type":"done","refused":0}\n', b'{"type":"undone","refused":0}\n'
MODEL = {
    "name": "efficientnet-lite0",
    "weights": "imagenet",
    "sha256": "0" * 64,
    "precision": "int8",
    "pooling": "avg",
    "size_px": 64,
    "fit": "letterbox",
}
TEXTS = {"version": "1", "folders": '["category_1", "category_2"]', "model": json.dumps(MODEL)}
CENTRES = np.arange(6, dtype=np.float32).reshape(2, 3)
LIMITS = np.array([0.5, 0.25], np.float32)

once_for_all_examples = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)


def kept_in(root):
    """Return what the newest run in force has saved."""
    return saved_centres.latest(root, set())[0]


def collection(folder: Path, runs: dict[str, bytes]) -> Path:
    """Return a folder with runs. `runs` has the last line of each run by its id."""
    make_tree(folder, {"a.jpg": b"1", **{f".imgsort/runs/{run}.jsonl": line for run, line in runs.items()}})
    return folder


@pytest.fixture
def root(tmp_path):
    return collection(tmp_path / "here", {FIRST: DONE})


def path_in(root: Path, run: str = FIRST) -> Path:
    return root / f".imgsort/runs/{run}.safetensors"


def safetensors(parts, texts=None, **changes) -> bytes:
    """Return a file of `parts`, {name: (dtype, shape, bytes)}.

    `changes` change its header, as a stranger could change it.
    """
    header, data = {} if texts is None else {"__metadata__": texts}, b""
    for name, (dtype, shape, numbers) in parts.items():
        offsets = [len(data), len(data) + len(numbers)]
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": offsets} | changes.get(name, {})
        data += numbers
    head = json.dumps(header).encode()
    return len(head).to_bytes(8, "little") + head + data


def parts(**changed):
    """Return the two arrays as a file holds them. `changed` replaces an array, or leaves it out if None."""
    numbers = {"centres": ("F32", [2, 3], CENTRES.tobytes()), "limits": ("F32", [2], LIMITS.tobytes())} | changed
    return {name: part for name, part in numbers.items() if part is not None}


def texts(**changed):
    return {name: text for name, text in {**TEXTS, **changed}.items() if text is not None}


def model(**changed) -> str:
    return json.dumps({name: value for name, value in {**MODEL, **changed}.items() if value != "LEFT OUT"})


def assert_refused(root: Path) -> None:
    """Check that the file is refused with the remedy, and that nothing changes."""
    before, own = names(root.parent), read_tree(root / ".imgsort")
    with pytest.raises(JournalError, match="Remove"):
        kept_in(root)
    assert (names(root.parent), read_tree(root / ".imgsort")) == (before, own)


def assert_equal(found: SavedCentres, expected: SavedCentres) -> None:
    assert np.array_equal(found.centres.centres, expected.centres.centres)
    assert np.array_equal(found.centres.limits, expected.centres.limits)
    assert found.centres.centres.dtype == found.centres.limits.dtype == np.float32
    assert (found.folders, found.model) == (expected.folders, expected.model)


paths = st.text(st.characters(exclude_characters="\0"), min_size=1, max_size=20).filter(is_safe_relative)


@once_for_all_examples
@given(st.lists(paths, min_size=1, max_size=4), st.integers(1, 5), st.integers(0, 9))
def test_what_is_kept_comes_back(tmp_path_factory, folders, width, seed):
    """Every number, every folder and the model of the features are the same after reading."""
    root = collection(tmp_path_factory.mktemp("kept"), {FIRST: DONE})
    random = np.random.default_rng(seed)
    centres = random.normal(size=(len(folders), width)).astype(np.float32)
    limits = random.normal(size=len(folders)).astype(np.float32)
    kept = SavedCentres(Centres(centres, limits), tuple(folders), MODEL)
    saved_centres.save(root, FIRST, kept)
    assert_equal(kept_in(root), kept)


@pytest.mark.parametrize("numbers", [np.arange(8, dtype=np.float32).reshape(2, 4)[:, 1:], CENTRES.reshape(3, 2).T])
def test_numbers_that_do_not_lie_in_a_row_come_back(root, numbers):
    """A part of a larger array and a transposed array are saved with the right numbers."""
    kept = SavedCentres(Centres(numbers, LIMITS), ("a", "b"), MODEL)
    saved_centres.save(root, FIRST, kept)
    assert_equal(kept_in(root), kept)


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="names there are Unicode")
def test_names_that_are_not_text_come_back(root):
    """A folder and a weights file whose names are not text are the same after reading."""
    kept = SavedCentres(Centres(CENTRES, LIMITS), ("bad\udcff", "sorted/\udcfe"), {**MODEL, "weights": "/bad\udcff.h5"})
    saved_centres.save(root, FIRST, kept)
    assert_equal(kept_in(root), kept)


def test_the_file_of_the_tests_is_one(root):
    """The file that the tests below damage is a valid one before."""
    path_in(root).write_bytes(safetensors(parts(), TEXTS))
    assert_equal(kept_in(root), SavedCentres(Centres(CENTRES, LIMITS), ("category_1", "category_2"), MODEL))


def test_nothing_kept(tmp_path):
    """Without `.imgsort`, without a run, and without saved centres, the result is None."""
    tmp_path.joinpath("bare").mkdir()
    assert kept_in(tmp_path / "bare") is None
    assert kept_in(collection(tmp_path / "none", {})) is None
    assert kept_in(collection(tmp_path / "runs", {FIRST: DONE, SECOND: DONE})) is None


@pytest.mark.parametrize(
    ("lasts", "kept_by", "expected"),
    [
        ({FIRST: DONE, SECOND: DONE, THIRD: DONE}, [FIRST, SECOND], SECOND),
        ({FIRST: DONE, SECOND: UNDONE, THIRD: DONE}, [FIRST, SECOND], FIRST),
        ({FIRST: DONE, SECOND: b'{"type":"undone","refused":2}\n'}, [FIRST, SECOND], FIRST),
        ({FIRST: DONE, SECOND: b'{"type":"interrupted"}\n'}, [FIRST, SECOND], SECOND),
        ({FIRST: UNDONE, SECOND: UNDONE}, [FIRST, SECOND], None),
        ({SECOND: DONE}, [FIRST, THIRD], None),
    ],
)
def test_the_newest_run_in_force_counts(tmp_path, lasts, kept_by, expected):
    """Runs that are undone or saved nothing are skipped. Files that belong to no run are ignored."""
    root = collection(tmp_path, lasts)
    for run in kept_by:
        path_in(root, run).write_bytes(safetensors(parts(), texts(folders=json.dumps([run, "x"]))))
    found = kept_in(root)
    assert (found and found.folders[0]) == expected


def test_a_damaged_file_is_not_passed_over(tmp_path):
    """If centres cannot be read, those of an older run do not replace them."""
    root = collection(tmp_path, {FIRST: DONE, SECOND: DONE})
    path_in(root, FIRST).write_bytes(safetensors(parts(), TEXTS))
    path_in(root, SECOND).write_bytes(b"damaged")
    with pytest.raises(JournalError, match=SECOND):
        kept_in(root)
    path_in(root, SECOND).unlink()
    assert kept_in(root).folders == ("category_1", "category_2")


def test_a_file_cut_anywhere_is_refused(root):
    """A file that is cut at any place is refused, and so is a file with a byte too many.

    The places are in the header and in the numbers, up to one byte before the end.
    """
    whole = safetensors(parts(), TEXTS)
    for length in [*range(0, len(whole), 3), len(whole) - 1]:
        path_in(root).write_bytes(whole[:length])
        with pytest.raises(JournalError, match="Remove the file"):
            kept_in(root)
    path_in(root).write_bytes(whole + b"\0")
    assert_refused(root)


def test_a_file_with_a_wrong_byte_is_refused_or_read(root):
    """If any byte is wrong, there is an error of imgsort, or numbers and texts of the right kind."""
    whole = safetensors(parts(), TEXTS)
    refused = 0
    for place, change in enumerate(np.random.default_rng(0).integers(1, 256, len(whole)).tolist()):
        path_in(root).write_bytes(whole[:place] + bytes([whole[place] ^ change]) + whole[place + 1 :])
        try:
            found = kept_in(root)
        except JournalError:
            refused += 1
        else:
            assert np.isfinite(found.centres.centres).all()
            assert all(is_safe_relative(folder) for folder in found.folders)
    assert refused > len(whole) / 2


@once_for_all_examples
@given(st.binary(max_size=200), st.sampled_from([b"", b"\x02\0\0\0\0\0\0\0{}", b"\x08\0\0\0\0\0\0\0"]))
def test_random_bytes_are_refused(root, data, start):
    """Random bytes are refused, also after a valid beginning."""
    path_in(root).write_bytes(start + data)
    with pytest.raises(JournalError, match="Remove the file"):
        kept_in(root)


class _Evil:
    """An object whose pickle makes a folder when it is read."""

    def __init__(self, victim: Path) -> None:
        self.victim = victim

    def __reduce__(self):
        return os.mkdir, (str(self.victim),)


def test_a_pickle_is_not_run(root, tmp_path):
    """A harmful pickle is refused and does nothing, as the file itself and in place of each text."""
    evil = pickle.dumps(_Evil(tmp_path / "victim"), 0)
    path_in(root).write_bytes(evil)
    assert_refused(root)
    for name in TEXTS:
        path_in(root).write_bytes(safetensors(parts(), texts(**{name: evil.decode("ascii")})))
        assert_refused(root)
    assert not (tmp_path / "victim").exists()


@pytest.mark.parametrize("name", ["centres", "limits"])
@pytest.mark.parametrize(
    ("dtype", "size"),
    [
        *(("BOOL", 1), ("U8", 1), ("I8", 1), ("F8_E5M2", 1), ("F8_E4M3", 1), ("F8_E8M0", 1), ("I16", 2), ("U16", 2)),
        *(("F16", 2), ("BF16", 2), ("I32", 4), ("U32", 4), ("F64", 8), ("I64", 8), ("U64", 8), ("C64", 8)),
        *(("F4", 0.5), ("F6_E2M3", 0.75), ("F32X", 4), ("", 4), (None, 4), (["F32"], 4)),
    ],
)
def test_numbers_of_another_kind_are_refused(root, name, dtype, size):
    """Other types of numbers are refused, whether safetensors knows them or not."""
    shape = [2, 4] if name == "centres" else [4]
    numbers = bytes(int(np.prod(shape) * size))
    path_in(root).write_bytes(safetensors(parts(**{name: (dtype, shape, numbers)}), TEXTS))
    assert_refused(root)


@pytest.mark.parametrize(
    ("centres", "limits", "folders"),
    [
        ([6], [2], 2),
        ([2, 3, 1], [2], 2),
        ([], [2], 2),
        ([2, 3], [2, 1], 2),
        ([2, 3], [], 2),
        ([2, 3], [3], 2),
        ([3, 2], [2], 2),
        ([2, 3], [2], 3),
        ([2, 3], [2], 0),
        ([0, 3], [0], 0),
        ([0, 2**40], [0], 0),
        ([2**62, 0], [2], 2),
        ([0], [0], 0),
    ],
)
def test_parts_that_do_not_fit_are_refused(root, centres, limits, folders):
    """Arrays of other shapes, of different lengths or without rows are refused."""

    def numbers(shape):
        return ("F32", shape, bytes(4 * int(np.prod([min(side, 9) for side in shape]))))

    made = parts(centres=numbers(centres), limits=numbers(limits))
    path_in(root).write_bytes(safetensors(made, texts(folders=json.dumps([f"c{n}" for n in range(folders)]))))
    assert_refused(root)


@pytest.mark.parametrize("number", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("name", ["centres", "limits"])
def test_what_is_no_number_is_refused(root, name, number):
    """One NaN or infinite number at any place is refused."""
    arrays = {"centres": CENTRES.copy(), "limits": LIMITS.copy()}
    arrays[name].flat[-1] = number
    made = {key: ("F32", list(array.shape), array.tobytes()) for key, array in arrays.items()}
    path_in(root).write_bytes(safetensors(made, TEXTS))
    assert_refused(root)


@pytest.mark.parametrize(
    "changes",
    [
        {"shape": [2, 2**40]},
        {"shape": [2**33, 2**33]},
        {"shape": [2, 3 + 2**62]},
        {"shape": [2, -3]},
        {"shape": [2, 3.0]},
        {"shape": [1] * 100 + [2, 3]},
        {"shape": "2, 3"},
        {"shape": None},
        {"data_offsets": [0, 2**40]},
        {"data_offsets": [0, 2**64]},
        {"data_offsets": [2**63, 2**63 + 24]},
        {"data_offsets": [24, 0]},
        {"data_offsets": [-24, 0]},
        {"data_offsets": [8, 32]},
        {"data_offsets": [0]},
        {"data_offsets": None},
        {"shape": [2**20, 2**20], "data_offsets": [0, 2**42]},
    ],
)
def test_sizes_that_the_file_has_not_are_refused(root, changes):
    """A header is refused if it announces more than the file has, or makes no sense."""
    path_in(root).write_bytes(safetensors(parts(), TEXTS, centres=changes))
    assert_refused(root)


@pytest.mark.parametrize("length", [0, 1, 2**31, 2**40, 2**63, 2**64 - 1])
def test_a_header_of_another_length_is_refused(root, length):
    """Eight bytes that announce a header of a wrong length are refused."""
    path_in(root).write_bytes(length.to_bytes(8, "little") + safetensors(parts(), TEXTS)[8:])
    assert_refused(root)


@pytest.mark.parametrize("missing", ["centres", "limits"])
def test_an_array_too_few(root, missing):
    """A file without one of the arrays is refused."""
    path_in(root).write_bytes(safetensors(parts(**{missing: None}), TEXTS))
    assert_refused(root)


@pytest.mark.parametrize(
    "folder",
    [
        *("../victim", "a/../../victim", "..", ".", "", "/tmp/victim", "//victim", "a//b", "a/", "/"),
        *(".imgsort", "a/.imgsort/runs", ".IMGSORT", "a\0b", "\ud800", "x" * 10_000, None, 1, ["a"], {"a": "b"}, True),
    ],
)
def test_folders_that_lead_elsewhere_are_refused(root, folder):
    """Paths out of the collection or into imgsort's own state are refused, and so are values that are no path."""
    path_in(root).write_bytes(safetensors(parts(), texts(folders=json.dumps(["category_1", folder]))))
    assert_refused(root)


@pytest.mark.parametrize(
    "changed",
    [
        *({name: None} for name in TEXTS),
        *({name: text} for name in TEXTS for text in ("", "null", "nonsense", "[]", "{}", "1.5", "[" * 100_000)),
        *({"version": version} for version in ("0", "2", " 1", "1.0")),
        *({"folders": text} for text in ("NaN", "[1, 2]", "[null, null]", '["a"]', '["a", "b", "c"]', "9" * 10_000)),
        *({"model": model(**{name: "LEFT OUT"})} for name in MODEL if name != "fit"),
        *({"model": model(**{name: value})} for name in MODEL for value in (None, 1.5, [], {}, True, "\ud800", "a\0")),
        *({"model": model(**{name: 1})} for name in MODEL if name != "size_px"),
        *({"model": model(size_px=size)} for size in ("64", -1, 2**64, 1e9, float("nan"), float("inf"))),
    ],
)
def test_texts_of_another_kind_are_refused(root, changed):
    """Each text is refused if it is missing, of another version, no JSON, or JSON of something else."""
    path_in(root).write_bytes(safetensors(parts(), texts(**changed)))
    assert_refused(root)


@pytest.mark.parametrize(
    "metadata", [None, [], "text", 1, {"version": 1}, {**TEXTS, "more": 1}, {**TEXTS, "folders": ["a", "b"]}, {}]
)
def test_metadata_of_another_kind_are_refused(root, metadata):
    """A file is refused if it has no texts, or texts that safetensors or imgsort does not accept."""
    path_in(root).write_bytes(safetensors(parts(), metadata))
    assert_refused(root)


def test_a_file_far_too_large_is_refused_unread(root):
    """A file of more than a gigabyte is refused by its size, even if it has a valid beginning."""
    for start in (b"", safetensors(parts(), TEXTS)):
        path_in(root).write_bytes(start)
        os.truncate(path_in(root), MAX_BYTES + 1)
        with pytest.raises(JournalError, match=r"far more than imgsort writes.*Remove the file"):
            kept_in(root)


@pytest.mark.skipif(sys.platform == "win32", reason="symbolic links need a privilege on Windows")
@pytest.mark.parametrize("is_there", [True, False])
def test_a_link_in_its_place_is_not_followed(root, tmp_path, is_there):
    """A link is not followed, neither for reading nor for writing, whether its target exists or not."""
    victim = tmp_path / "victim.safetensors"
    if is_there:
        victim.write_bytes(safetensors(parts(), TEXTS))
    path_in(root).symlink_to(victim)
    assert_refused(root)
    saved_centres.save(root, FIRST, SavedCentres(Centres(CENTRES + 1, LIMITS), ("a", "b"), MODEL))
    assert victim.exists() == is_there
    assert not is_there or victim.read_bytes() == safetensors(parts(), TEXTS)
    assert kept_in(root).folders == ("a", "b")


def test_a_folder_in_its_place_is_refused(root):
    """Reading a folder is refused. Writing is an error of the system, which the run reports."""
    path_in(root).mkdir()
    assert_refused(root)
    with pytest.raises(OSError, match="safetensors"):
        saved_centres.save(root, FIRST, SavedCentres(Centres(CENTRES, LIMITS), ("a", "b"), MODEL))


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes")
def test_a_pipe_in_its_place_does_not_block(root):
    """A pipe is refused at once. Opening it would wait for ever."""
    os.mkfifo(path_in(root))
    errors = []

    def look():
        try:
            kept_in(root)
        except JournalError as error:
            errors.append(str(error))

    thread = threading.Thread(target=look, daemon=True)
    thread.start()
    thread.join(10)
    assert not thread.is_alive()
    assert "Remove it" in errors[0]
