import hashlib
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from imgsort.errors import WeightsError
from imgsort.features.weights.formats.hdf5_weights import load_hdf5
from imgsort.features.weights.weights_file import file_sha256
from tests.support.published_layout import write_published
from tests.support.trees import files_in


def save_new_layout(model: Any, path: Path) -> None:
    """Write a file in the layout of `.weights.h5`, under any name."""
    named = path.parent / "written.weights.h5"
    model.save_weights(named)
    named.rename(path)


LAYOUTS = {"published": write_published, "weights.h5": save_new_layout}


@pytest.mark.parametrize("name", ["a.h5", "a.weights.h5", "a.bin", "a"])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_both_layouts_are_told_apart_by_content(tmp_path, small_model, layout, name):
    """Either layout is loaded into the right places, whatever the name of the file is."""
    source, model = small_model(seed=1), small_model(seed=2)
    LAYOUTS[layout](source, tmp_path / name)
    before = hashlib.sha256((tmp_path / name).read_bytes()).digest()
    assert not np.array_equal(model.get_weights()[0], source.get_weights()[0])

    load_hdf5(model, tmp_path / name)
    for found, expected in zip(model.get_weights(), source.get_weights(), strict=True):
        assert np.array_equal(found, expected)
    assert hashlib.sha256((tmp_path / name).read_bytes()).digest() == before
    assert files_in(tmp_path) == [name]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_weights_of_another_shape_are_refused(tmp_path, small_model, layout):
    """The same layers with another width are refused. The error names the file and the model."""
    LAYOUTS[layout](small_model(seed=1, width=5), tmp_path / "a.h5")
    with pytest.raises(WeightsError, match=r"a\.h5: these weights do not fit small without its classifier: .*[Ss]hape"):
        load_hdf5(small_model(seed=2), tmp_path / "a.h5")


@pytest.mark.parametrize("layout", LAYOUTS)
def test_weights_of_another_model_are_refused(tmp_path, small_model, layout):
    """Weights of a network with other layers are refused, for example one with its top."""
    from imgsort.features.keras_backend import import_keras

    keras = import_keras()
    model = small_model(seed=1)
    top = keras.layers.Dense(3, name="top")(keras.layers.Flatten()(model.output))
    with_top = keras.Model(model.input, top)
    headless = keras.Model(model.input, model.get_layer("relu").output)
    LAYOUTS[layout](with_top if layout == "published" else headless, tmp_path / "a.h5")
    with pytest.raises(WeightsError, match="these weights do not fit small without its classifier: "):
        load_hdf5(small_model(seed=2), tmp_path / "a.h5")


def test_a_missing_file_is_named(tmp_path, small_model):
    """The error for a missing file says that it is missing, not that it is damaged."""
    with pytest.raises(WeightsError, match=r"nowhere\.h5: there is no such file of weights"):
        load_hdf5(small_model(seed=1), tmp_path / "nowhere.h5")
    with pytest.raises(WeightsError, match=r"nowhere\.h5: the file of weights cannot be read"):
        file_sha256(tmp_path / "nowhere.h5")


@pytest.mark.parametrize("content", [b"", b"a text, no weights", b"\x89HDF\r\n\x1a\n" + bytes(100)])
def test_a_file_of_another_kind_is_refused(tmp_path, small_model, content):
    """An empty file, a text and the mere beginning of an HDF5 file are refused. Keras wrote none of them."""
    (tmp_path / "a.h5").write_bytes(content)
    with pytest.raises(WeightsError, match=r"a\.h5: not a file of weights that Keras wrote"):
        load_hdf5(small_model(seed=1), tmp_path / "a.h5")


def test_an_hdf5_file_cut_short_is_refused(tmp_path, small_model):
    """Half a weights file is refused."""
    write_published(small_model(seed=1), tmp_path / "a.h5")
    data = (tmp_path / "a.h5").read_bytes()
    (tmp_path / "a.h5").write_bytes(data[: len(data) // 2])
    with pytest.raises(WeightsError, match=r"a\.h5: not a file of weights that Keras wrote"):
        load_hdf5(small_model(seed=1), tmp_path / "a.h5")


def test_an_hdf5_file_of_another_kind_is_refused(tmp_path, small_model):
    """An HDF5 file with a table of somebody's measurements has neither layout, and is refused."""
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["measurements"] = np.arange(10)
    with pytest.raises(WeightsError, match="not in a layout in which Keras keeps weights"):
        load_hdf5(small_model(seed=1), tmp_path / "a.h5")


def external_link(file: h5py.File, name: str, other: Path) -> None:
    """Replace the numbers with a link to the same numbers in another file."""
    del file[name]
    file[name] = h5py.ExternalLink(str(other), name)


def soft_link(file: h5py.File, name: str, other: Path) -> None:
    """Replace the numbers with a link to another place in the same file."""
    file["elsewhere"] = file[name][()]
    del file[name]
    file[name] = h5py.SoftLink("/elsewhere")


def external_group(file: h5py.File, name: str, other: Path) -> None:
    """Replace the layer with a link to the same layer of another file."""
    group = name.rpartition("/")[0]
    del file[group]
    file[group] = h5py.ExternalLink(str(other), group)


def external_storage(file: h5py.File, name: str, other: Path) -> None:
    """Move the numbers into another file, as raw bytes."""
    numbers = file[name][()]
    raw = other.with_name("numbers.raw")
    raw.write_bytes(numbers.tobytes())
    del file[name]
    file.create_dataset(name, numbers.shape, numbers.dtype, external=[(str(raw), 0, numbers.nbytes)])


def virtual(file: h5py.File, name: str, other: Path) -> None:
    """Replace the numbers with a view of the same numbers in another file."""
    numbers = file[name][()]
    del file[name]
    layout = h5py.VirtualLayout(numbers.shape, numbers.dtype)
    layout[...] = h5py.VirtualSource(str(other), name, numbers.shape)
    file.create_virtual_dataset(name, layout)


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("refer", [external_link, soft_link, external_group, external_storage, virtual])
def test_numbers_kept_elsewhere_are_refused(tmp_path, small_model, layout, refer: Callable[..., None]):
    """A file that keeps its numbers elsewhere is refused.

    Such a file could read any other file. Apart from these numbers, the file is right.
    """
    name = {"published": "conv/conv/kernel:0", "weights.h5": "layers/conv2d/vars/0"}[layout]
    LAYOUTS[layout](small_model(seed=1), tmp_path / "other.h5")
    shutil.copy(tmp_path / "other.h5", tmp_path / "a.h5")
    with h5py.File(tmp_path / "a.h5", "r+") as file:
        expected = file[name][()]
        refer(file, name, tmp_path / "other.h5")
    with h5py.File(tmp_path / "a.h5") as file:
        assert np.array_equal(file[name][()], expected), "h5py must find the numbers, or it would prove nothing"
    model = small_model(seed=2)
    with pytest.raises(WeightsError, match=r"refers to another place|keeps its numbers in another place"):
        load_hdf5(model, tmp_path / "a.h5")
    assert not np.array_equal(model.get_weights()[0], expected)


def test_a_whole_saved_model_gives_its_weights(tmp_path, small_model):
    """A file that `model.save("a.h5")` writes is in the published layout too.

    It holds the architecture and the weights.
    """
    source, model = small_model(seed=1), small_model(seed=2)
    source.save(tmp_path / "a.h5")
    load_hdf5(model, tmp_path / "a.h5")
    assert np.array_equal(model.get_weights()[0], source.get_weights()[0])


def test_a_dataset_of_terabytes_is_refused(tmp_path, small_model):
    """A small file that claims an enormous array is refused before it takes any memory."""
    write_published(small_model(seed=1), tmp_path / "a.h5")
    with h5py.File(tmp_path / "a.h5", "r+") as file:
        del file["conv/conv/kernel:0"]
        file.create_dataset("conv/conv/kernel:0", (2**40,), "f4", chunks=(2**20,))
    assert (tmp_path / "a.h5").stat().st_size < 100_000
    with pytest.raises(WeightsError, match="far too many"):
        load_hdf5(small_model(seed=1), tmp_path / "a.h5")
