"""Tests `embed` on real photographs, with the model that is always there."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import imgsort
from imgsort.errors import CollectionError, DatasetError, MissingPackageError, StrictError, UsageError
from imgsort.features.dataset import writer
from imgsort.features.dataset.place import FolderPlace
from imgsort.features.dataset.reader import Dataset
from imgsort.jobs.listener import Listener
from tests.support.commands import shell
from tests.support.datasets import arrow
from tests.support.pictures import encode, gradient
from tests.support.trees import files_in, make_tree, read_tree

LITE = {"model": "efficientnet-lite0", "size": 64}


@pytest.fixture(autouse=True)
def pyarrow():
    return arrow()


@pytest.fixture
def folder(few_photos, converted_alone):
    """Twelve photographs and a file that is none; and a cache that knows nothing."""
    make_tree(few_photos, {"bad.jpg": b"no image"})
    for path in few_photos.iterdir():
        os.utime(path, ns=(10**18, 10**18))  # the time of a file that was just written says nothing
    return few_photos


def embed(folder, output, **options):
    return imgsort.embed(folder, output=output, **{**LITE, **options})


def counts(result):
    return {name: count for name, count in result.to_json()["counts"].items() if count}


def features_of(output, folder):
    """Return {path: features} of the images that lie in the folder now."""
    dataset = Dataset.opened(FolderPlace(output))
    paths = [path.relative_to(folder).as_posix() for path in sorted(folder.rglob("*.jpg")) if path.name != "bad.jpg"]
    return dict(zip(paths, dataset.matrix(dataset.rows_of_paths(paths)), strict=True))


def test_every_image_has_the_row_that_a_script_would_get(folder, tmp_path):
    """The dataset holds features, contents, sizes and times, and why the bad file has none. No image changes."""
    before = read_tree(folder)
    result = embed(folder, tmp_path / "features")
    assert counts(result) == {"images": 12, "made": 12, "unreadable": 1}
    expected = imgsort.extract_features(folder, **LITE)
    dataset = Dataset.opened(FolderPlace(tmp_path / "features"))
    paths = [file.path for file in expected.files]
    rows = dataset.rows_of_paths(paths)
    assert np.array_equal(dataset.matrix(rows), expected.matrix)
    assert dataset.rows_of(expected.contents).tolist() == rows.tolist()
    assert dataset.is_unchanged(rows, expected.files, dataset.head.source).all()
    assert list(dataset.reasons.values()) == [result.unreadable[0].reason]
    assert dataset.head.model == result.to_json()["model"]
    assert read_tree(folder) == before
    assert not (folder / ".imgsort").exists()


def test_a_second_run_looks_at_no_image(folder, tmp_path, monkeypatch):
    """Nothing is read or written, with or without the cache, and the result says the same of every image."""
    first = embed(folder, tmp_path / "features")
    before = read_tree(tmp_path / "features")
    monkeypatch.setattr("imgsort.features.engine.bytes_of", lambda *_: pytest.fail("a file was read"))
    second = embed(folder, tmp_path / "features", cache=False)
    assert counts(second) == {"images": 12, "there": 12, "unreadable": 1}
    assert second.unreadable == first.unreadable
    assert read_tree(tmp_path / "features") == before


def test_only_new_and_changed_images_are_looked_at(folder, tmp_path):
    """A new image and a changed one are made, a renamed one is not, and one that is gone is counted."""
    embed(folder, tmp_path / "features")
    first, second, third, fourth, *_ = sorted(folder.glob("*.jpg"), key=lambda path: path.name == "bad.jpg")
    first.rename(folder / "renamed.jpg")
    data = second.read_bytes()
    second.write_bytes(third.read_bytes() + b"\0")
    os.utime(second, ns=(10**18, 10**18))
    fourth.unlink()
    (folder / "new.jpg").write_bytes(data + b"\0")
    os.utime(folder / "new.jpg", ns=(10**18, 10**18))
    result = embed(folder, tmp_path / "features")
    assert counts(result) == {"images": 12, "there": 10, "made": 2, "others": 2, "unreadable": 1}
    found, fresh = features_of(tmp_path / "features", folder), imgsort.extract_features(folder, **LITE, cache=False)
    for file, features in zip(fresh.files, fresh.matrix, strict=True):
        assert np.allclose(found[file.path], features, rtol=1e-3, atol=1e-3), file.path
    assert counts(embed(folder, tmp_path / "features"))["there"] == 12


def test_what_a_file_holds_is_looked_at_once(folder, tmp_path, monkeypatch):
    """A renamed or touched image is read and has a row, with the features of then, also without a cache."""
    embed(folder, tmp_path / "features", cache=False)
    before = features_of(tmp_path / "features", folder)
    first, second, *_ = sorted(folder.glob("[!b]*.jpg"))
    first.rename(folder / "renamed.jpg")
    os.utime(second, ns=(10**17, 10**17))
    monkeypatch.setattr("imgsort.features.engine.decoding", lambda *_: pytest.fail("an image was decoded"))
    result = embed(folder, tmp_path / "features", cache=False)
    assert counts(result) == {"images": 12, "there": 12, "others": 1, "unreadable": 1}
    after = features_of(tmp_path / "features", folder)
    assert np.array_equal(after.pop("renamed.jpg"), before.pop(first.name))
    assert all(np.array_equal(after[path], before[path]) for path in before)
    monkeypatch.setattr("imgsort.features.engine.bytes_of", lambda *_: pytest.fail("a file was read"))
    assert embed(folder, tmp_path / "features", cache=False).there == 12


def test_another_source_with_the_same_names_and_times_has_rows_of_its_own(folder, tmp_path):
    """The rows of one folder say nothing about the files of another one, however alike their names and times are."""
    for source, picture in (("a", gradient(30, 50)), ("b", gradient(30, 50)[::-1])):
        (tmp_path / source).mkdir()
        (tmp_path / source / "0.bmp").write_bytes(encode(picture, "BMP"))
        os.utime(tmp_path / source / "0.bmp", ns=(10**18, 10**18))
    results = [embed(tmp_path / source, tmp_path / "features") for source in ("a", "b", "a", "b")]
    assert [(result.made, result.images) for result in results] == [(1, 1), (1, 1), (0, 1), (0, 1)]
    for source in ("a", "b"):
        (features,) = imgsort.extract_features(tmp_path / source, features=tmp_path / "features").matrix
        assert np.array_equal(features, imgsort.extract_features(tmp_path / source, **LITE).matrix[0])


def test_all_parts_say_the_same_of_the_model(folder, tmp_path):
    """What does not change the features, such as where their weights lay, is said as in the first part."""
    embed(folder, tmp_path / "features")
    (part,) = (tmp_path / "features").iterdir()
    table = arrow().parquet.read_table(part)
    metadata = {**table.schema.metadata}
    metadata[b"imgsort.model"] = metadata[b"imgsort.model"].replace(b'"imagenet"', b'"/then/weights.h5"')
    arrow().parquet.write_table(table.replace_schema_metadata(metadata), part)
    (folder / "new.jpg").write_bytes(sorted(folder.glob("[!b]*.jpg"))[0].read_bytes() + b"\0")
    assert embed(folder, tmp_path / "features").made == 1
    assert embed(folder, tmp_path / "features").images == 13
    assert Dataset.opened(FolderPlace(tmp_path / "features")).head.model["weights"] == "/then/weights.h5"


def test_verify_reads_every_file(folder, tmp_path):
    """With `verify`, a file with new bytes is noticed even if its size and time are the old ones."""
    path = folder / "a.bmp"
    for picture in (gradient(30, 50), gradient(30, 50)[::-1]):
        path.write_bytes(encode(picture, "BMP"))
        os.utime(path, ns=(10**18, 10**18))
        last = embed(folder, tmp_path / "features")
    assert (last.there, last.made) == (13, 0)
    result = embed(folder, tmp_path / "features", verify=True)
    assert (result.there, result.made, result.cached) == (12, 1, 0)


def test_a_file_that_was_just_written_is_read_again(folder, tmp_path):
    """The time of such a file says nothing yet. The next run reads it, and the run after that trusts its time."""
    path = sorted(folder.glob("[!b]*.jpg"))[0]
    path.touch()
    assert embed(folder, tmp_path / "features").made == 12
    os.utime(path.parent / "bad.jpg", ns=(10**18, 10**18))
    rows = [len(Dataset.opened(FolderPlace(tmp_path / "features")))]
    while len(rows) < 3 or rows[-1] > rows[-2]:  # until the file is two seconds old
        result = embed(folder, tmp_path / "features")
        assert (result.there, result.made) == (12, 0)
        rows.append(len(Dataset.opened(FolderPlace(tmp_path / "features"))))
    assert rows[1] == rows[0] + 1
    assert len(features_of(tmp_path / "features", folder)) == 12


class Stopping(Listener):
    def progress(self, task, done, total):
        if done == 7:
            raise KeyboardInterrupt


@pytest.mark.parametrize("cache", [True, False])
def test_a_run_that_was_broken_off_goes_on(folder, tmp_path, monkeypatch, cache):
    """After Ctrl-C, what was made is there; the next run makes the rest, and the dataset is that of a whole run."""
    with pytest.raises(KeyboardInterrupt):
        embed(folder, tmp_path / "features", listener=Stopping(), cache=cache, batch_size=1)
    kept = len(Dataset.opened(FolderPlace(tmp_path / "features")))
    assert kept >= 7
    result = embed(folder, tmp_path / "features", cache=cache)
    assert result.there + len(result.unreadable) >= kept
    assert result.images == 12
    embed(folder, tmp_path / "whole", cache=cache)
    found, whole = features_of(tmp_path / "features", folder), features_of(tmp_path / "whole", folder)
    assert found.keys() == whole.keys()
    assert all(np.allclose(found[path], whole[path], rtol=1e-3, atol=1e-3) for path in whole)
    assert len(Dataset.opened(FolderPlace(tmp_path / "features"))) == 13


_KILLED = """
import os, sys
import imgsort
from imgsort.features.dataset import writer
from imgsort.jobs.listener import Listener
writer.rows_in_part = lambda width: 3

class Dying(Listener):
    def progress(self, task, done, total):
        if done == 8:
            os.kill(os.getpid(), 9)

imgsort.embed(sys.argv[1], output=sys.argv[2], listener=Dying(), model="efficientnet-lite0", size=64, cache=False)
"""


def test_kill_keeps_the_parts_that_were_written(folder, tmp_path):
    """After `kill -9`, only whole parts are there, and the next run makes the images that are in none of them."""
    killed = subprocess.run([sys.executable, "-c", _KILLED, folder, tmp_path / "features"], check=False, timeout=120)
    assert killed.returncode == -9
    kept = len(Dataset.opened(FolderPlace(tmp_path / "features")))
    assert kept >= 6
    assert kept % 3 == 0
    result = embed(folder, tmp_path / "features", cache=False)
    assert (result.images, result.made + kept) in ((12, 12), (12, 13))
    assert len(Dataset.opened(FolderPlace(tmp_path / "features"))) == 13


def test_features_of_two_kinds_do_not_mix(folder, tmp_path):
    """Another model, size or precision needs another dataset. Nothing is written."""
    embed(folder, tmp_path / "features")
    before = read_tree(tmp_path / "features")
    for options in ({"pooling": "max"}, {"max_pixels": 10**6}, {"fit": "stretch"}):
        with pytest.raises(
            DatasetError, match=r"features: the features there were made in another way .* another --output"
        ):
            embed(folder, tmp_path / "features", **options)
    assert read_tree(tmp_path / "features") == before


def test_a_damaged_part_is_named_and_made_again(folder, tmp_path):
    """A part that is cut short is an error that names it. Without the part, its rows are made again."""
    embed(folder, tmp_path / "features")
    (part,) = (tmp_path / "features").iterdir()
    part.write_bytes(part.read_bytes()[:-100])
    with pytest.raises(DatasetError, match=f"{part}.*Remove the file"):
        embed(folder, tmp_path / "features")
    part.unlink()
    assert embed(folder, tmp_path / "features").cached == 12
    assert [each.name for each in (tmp_path / "features").iterdir()] == [part.name]


def test_places_that_do_not_suit_a_dataset_are_refused(folder, tmp_path, monkeypatch):
    """A file, a folder with other things, a folder in a missing one, and a taken name are errors before any work."""
    (tmp_path / "file").write_text("x")
    (tmp_path / "taken.npz").write_text("x")
    before = read_tree(tmp_path)
    for output in ("file", "few", "missing/features", "taken.npz", "missing/a.npz"):
        with pytest.raises(UsageError, match=output.partition("/")[0]):
            embed(folder, tmp_path / output, model="no such model would be loaded")
    with pytest.raises(UsageError, match="--output s3://bucket/x/: this must lie on this machine"):
        embed(folder, "s3://bucket/x")
    with pytest.raises(UsageError, match="takes none"):
        embed(folder, tmp_path / "features", features=tmp_path / "features")
    with pytest.raises(CollectionError):
        embed(tmp_path / "nothing", tmp_path / "features")
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    for output in ("features", "features.npz"):
        with pytest.raises(UsageError, match=f"{output}: nothing can be written there"):
            embed(folder, tmp_path / output, model="no such model would be loaded")
    assert read_tree(tmp_path) == before


def test_strict_ends_with_an_error_and_keeps_the_features(folder, tmp_path):
    """With `strict`, a bad file is an error at the end; the features of the others are kept."""
    with pytest.raises(StrictError, match=r"1 images cannot be read, the first is 'bad\.jpg'"):
        embed(folder, tmp_path / "features", strict=True)
    assert embed(folder, tmp_path / "features").there == 12


def test_the_images_are_those_that_other_commands_take(folder, tmp_path):
    """Rules and --recursive count as everywhere, and so do the category folders that imgsort made."""
    assert embed(folder, tmp_path / "ruled", exclude=["*_1*"]).images == len(
        imgsort.extract_features(folder, **LITE, exclude=["*_1*"]).files
    )
    imgsort.categorize(folder, clusters=2, **LITE)
    os.mkdir(folder / "own")
    shutil.move(next(path for path in folder.rglob("*.jpg") if path.parent.name.startswith("category")), folder / "own")
    assert embed(folder, tmp_path / "features").images == 11
    assert embed(folder, tmp_path / "features", recursive=True).images == 12


def test_arrays_of_numpy_hold_the_same(folder, tmp_path):
    """A file of NumPy has one array for each column, none of them of objects."""
    result = embed(folder, f"file://{tmp_path}/features.NPZ")
    expected = imgsort.extract_features(folder, **LITE)
    with np.load(tmp_path / "features.NPZ", allow_pickle=False) as arrays:
        assert arrays["path"].tolist() == [file.path for file in expected.files]
        assert arrays["content"].tolist() == list(expected.contents)
        assert arrays["size"].tolist() == [file.size for file in expected.files]
        assert np.array_equal(arrays["features"], expected.matrix)
        assert (arrays["unreadable"].tolist(), len(arrays["reason"])) == (["bad.jpg"], 1)
        assert json.loads(str(arrays["model"])) == result.to_json()["model"]
    assert counts(result) == {"images": 12, "made": 12, "unreadable": 1}
    assert files_in(tmp_path).count("features.NPZ") == 1


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="names there are always Unicode")
def test_names_of_any_bytes_have_rows(folder, tmp_path):
    """A name that is not UTF-8, or full of odd characters, is found again in the dataset and in the arrays."""
    odd = "=a %;\udcff\n.jpg"
    os.rename(sorted(folder.glob("[!b]*.jpg"))[0], folder / odd)
    assert embed(folder, tmp_path / "features").images == 12
    assert embed(folder, tmp_path / "features").there == 12
    assert Dataset.opened(FolderPlace(tmp_path / "features")).rows_of_paths([odd])[0] >= 0
    embed(folder, tmp_path / "a.npz")
    with np.load(tmp_path / "a.npz") as arrays:
        assert "%3Da %25%3B%FF%0A.jpg" in arrays["path"].tolist()


def test_without_pyarrow_the_extra_is_named(folder, tmp_path, monkeypatch):
    """Parquet needs a package, and the error says how to install it; arrays of NumPy need none."""
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    with pytest.raises(MissingPackageError, match=r"pip install '\.\[parquet\]'"):
        embed(folder, tmp_path / "features")
    assert embed(folder, tmp_path / "features.npz").images == 12


def test_the_command(folder, tmp_path):
    """The real command prints JSON or a line, exits with 3 for --strict, and escapes what a reason says."""
    line = f"$imgsort embed few --output {tmp_path}/features --model efficientnet-lite0 --size 64"
    done = shell(f"{line} --json", folder.parent)
    value = json.loads(done.stdout)
    assert (done.returncode, value["command"], value["status"]) == (0, "embed", "done")
    assert value.keys() == {
        "version",
        "command",
        "status",
        "source",
        "output",
        "model",
        "counts",
        "unreadable",
        "notices",
    }
    assert Path(value["output"]) == tmp_path / "features"
    done = shell(f"{line} -q", folder.parent)
    assert done.stdout.splitlines()[-1].endswith("features: 0 looked at, 0 from the cache, 12 there before.")
    assert "unreadable: bad.jpg: " in done.stdout
    assert shell(f"{line} -q --strict", folder.parent).returncode == 3
    assert writer.rows_in_part(1280) > 1000
