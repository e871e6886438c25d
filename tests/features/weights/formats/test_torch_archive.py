import os
import pickle
import sys
from pathlib import Path

import numpy as np
import pytest

from imgsort.errors import WeightsError
from imgsort.features.models.backbones import ALWAYS_THERE, BACKBONES
from imgsort.features.weights.formats.torch_archive import read_state_dict
from tests.support.torch_format import MAGIC, PROTOCOL, SYSTEM, Storage, Tensor, old_format

FLOATS = Storage("94011", np.arange(24, dtype=np.float32) / 4)
LONGS = Storage("94012", np.array([7, -(2**40), 3], dtype=np.int64))
GOOD = {"weight": Tensor(FLOATS, 0, (4, 6), (6, 1))}


class Call:
    """An object that is pickled as a call of `function`. Unpickling it runs the call."""

    def __init__(self, function, *arguments):
        self.call = (function, arguments)

    def __reduce__(self):
        return self.call


def file_of(*parts: object) -> bytes:
    return b"".join(pickle.dumps(part, 2) for part in parts)


def test_tensors_come_back_with_their_own_strides():
    """Tensors with different strides are all read correctly.

    There are whole and transposed tensors, windows on a shared storage, and single numbers.
    """
    grid = FLOATS.numbers.reshape(4, 6)
    state = read_state_dict(
        old_format(
            {
                "whole": Tensor(FLOATS, 0, (4, 6), (6, 1)),
                "transposed": Tensor(FLOATS, 0, (6, 4), (1, 6)),
                "window": Tensor(FLOATS, 8, (2, 3), (6, 1)),
                "every second": Tensor(FLOATS, 1, (4, 3), (6, 2)),
                "channels last": Tensor(FLOATS, 0, (1, 2, 3, 4), (24, 1, 8, 2)),
                "repeated": Tensor(FLOATS, 5, (3, 2), (0, 1)),
                "row": Tensor(LONGS, 1, (2,), (1,)),
                "single": Tensor(LONGS, 1, (), ()),
            }
        )
    )
    expected = {
        "whole": grid,
        "transposed": grid.T,
        "window": grid[1:3, 2:5],
        "every second": grid[:, 1::2],
        "channels last": grid.reshape(1, 3, 4, 2).transpose(0, 3, 1, 2),
        "repeated": np.repeat(FLOATS.numbers[None, 5:7], 3, axis=0),
        "row": LONGS.numbers[1:],
        "single": LONGS.numbers[1],
    }
    assert list(state) == list(expected)
    for name, numbers in expected.items():
        assert state[name].dtype == numbers.dtype
        assert np.array_equal(state[name], numbers), name


def test_tensors_are_copies_of_their_own():
    """Two tensors of one storage are separate copies: writing to one does not change the other."""
    state = read_state_dict(old_format({**GOOD, "same": GOOD["weight"]}))
    state["weight"][:] = -1
    assert state["same"][0, 1] == 0.25


def test_the_packaged_file_is_read():
    """The real file of the package gives EfficientNet-Lite0's tensors in torch's axis order."""
    state = read_state_dict(BACKBONES[ALWAYS_THERE].weights.file.read_bytes())
    shapes = {name: tensor.shape for name, tensor in state.items()}
    assert shapes["_conv_stem.weight"] == (32, 3, 3, 3)
    assert shapes["_blocks.0._depthwise_conv.weight"] == (32, 1, 3, 3)
    assert shapes["_blocks.15._project_conv.weight"] == (320, 1152, 1, 1)
    assert shapes["_conv_head.weight"] == (1280, 320, 1, 1)
    assert (shapes["_fc.weight"], shapes["_fc.bias"]) == ((1000, 1280), (1000,))
    assert shapes["_bn0.num_batches_tracked"] == ()
    assert all(np.isfinite(tensor).all() for tensor in state.values())
    assert (state["_bn0.running_var"] >= 0).all()


@pytest.mark.parametrize(
    "tensor",
    [
        Tensor(FLOATS, 0, (5, 6), (6, 1)),
        Tensor(FLOATS, 1, (4, 6), (6, 1)),
        Tensor(FLOATS, 24, (1,), (1,)),
        Tensor(FLOATS, 24, (), ()),
        Tensor(FLOATS, 0, (2, 2), (23, 2)),
        Tensor(FLOATS, 10**15, (1,), (1,)),
        Tensor(FLOATS, -1, (4,), (1,)),
        Tensor(FLOATS, -1, (), ()),
        Tensor(FLOATS, 23, (4,), (-1,)),
        Tensor(FLOATS, 0, (-4,), (1,)),
        Tensor(FLOATS, 0, (0, 4), (4, 1)),
        Tensor(FLOATS, 0, (4, 6), (1,)),
    ],
)
def test_a_tensor_that_leaves_its_storage_is_refused(tensor):
    """A tensor that reaches before the start or past the end of its numbers is refused.

    So no foreign memory is read.
    """
    with pytest.raises(WeightsError, match="not a file of plain tensors"):
        read_state_dict(old_format({"weight": tensor}))


@pytest.mark.parametrize("cut", [1, 4, 95, 96, 97, 104, 105, 150, 300])
def test_a_file_cut_short_is_refused(cut):
    """A part of a file is never taken for the whole file.

    Numbers, the count, the list of storages or the pickle are missing.
    """
    with pytest.raises(WeightsError, match="not a file of plain tensors"):
        read_state_dict(old_format(GOOD, cut=cut))


def test_a_storage_cut_short_is_refused_though_its_tensors_fit():
    """A storage that was cut short is refused, even if no tensor needs the missing numbers.

    A file that was cut short is not the original file.
    """
    with pytest.raises(WeightsError, match="storage 94011 is cut short"):
        read_state_dict(old_format({"weight": Tensor(FLOATS, 0, (2,), (1,))}, cut=4))


@pytest.mark.parametrize("claimed", [23, 25, 0, -24, 2**40])
def test_a_storage_of_another_size_than_stated_is_refused(claimed):
    """The pickle and the storage must have the same count."""
    storage = Storage("0", FLOATS.numbers, claimed=claimed)
    with pytest.raises(WeightsError, match="not a file of plain tensors"):
        read_state_dict(old_format({"weight": Tensor(storage, 0, (2,), (1,))}))


@pytest.mark.parametrize(
    "data",
    [
        old_format({"weight": Tensor(FLOATS, 0, (10**6, 10**6), (0, 0))}),
        old_format({"weight": Tensor(FLOATS, 0, (2**70,), (0,))}),
        old_format({"weight": Tensor(Storage("0", FLOATS.numbers, claimed=2**62), 0, (2,), (1,))}, cut=104)
        + (2**62).to_bytes(8, "little"),
        b"\x80\x04\x95" + b"\xff" * 8,
    ],
    ids=["terabytes of one number", "a side past int64", "a count past memory", "a frame past memory"],
)
def test_enormous_claims_are_refused(data):
    """A small file that claims enormous numbers is refused like any other invalid file."""
    with pytest.raises(WeightsError, match="not a file of plain tensors"):
        read_state_dict(data)


def test_a_storage_of_another_kind_is_refused():
    """Only float32 and int64 numbers are accepted."""
    doubles = Storage("0", np.zeros(4))
    with pytest.raises(WeightsError, match=r"torch\.DoubleStorage"):
        read_state_dict(old_format({"weight": Tensor(doubles, 0, (4,), (1,))}))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x80",
        b"PK\x03\x04" + bytes(60),
        b"\x89HDF\r\n\x1a\n" + bytes(60),
        b"some text, and no weights at all",
        bytes(range(256)),
        file_of(MAGIC, PROTOCOL),
        file_of(MAGIC + 1, PROTOCOL, SYSTEM, {}, []),
        file_of(MAGIC, PROTOCOL + 1, SYSTEM, {}, []),
        file_of(MAGIC, PROTOCOL, SYSTEM, "no dict", []),
        file_of(MAGIC, PROTOCOL, SYSTEM, {"weight": 1}, []),
        file_of(MAGIC, PROTOCOL, SYSTEM, {}, ["0"]),
        file_of(MAGIC, PROTOCOL, SYSTEM, {}, 5),
        file_of(MAGIC, PROTOCOL, SYSTEM, {}, [[]]),
    ],
)
def test_what_is_no_such_file_is_refused(data):
    """An empty file, garbage, other formats, another magic number and other pickles are refused."""
    with pytest.raises(WeightsError, match="not a file of plain tensors in torch's old format"):
        read_state_dict(data)


def test_a_persistent_id_of_another_kind_is_refused():
    """A reference to anything but a storage is refused."""
    data = file_of(MAGIC, PROTOCOL, SYSTEM) + b"\x80\x02U\x06moduleQ."
    with pytest.raises(WeightsError):
        read_state_dict(data)


def test_a_tensor_without_a_storage_is_refused():
    """A tensor with something else in place of its storage is refused."""
    call = b"\x80\x02}U\x01actorch._utils\n_rebuild_tensor_v2\n(K\x05K\x00))tRs."
    with pytest.raises(WeightsError, match="a tensor without a storage"):
        read_state_dict(file_of(MAGIC, PROTOCOL, SYSTEM) + call)


def hostile_calls(made: Path) -> dict[str, bytes]:
    """Return pickles that create the file `made` when they are unpickled without care."""
    return {
        "os.system": pickle.dumps(Call(os.system, f'echo > "{made}"'), 2),
        "builtins.eval": pickle.dumps(Call(eval, f"open({str(made)!r}, 'w').close()"), 2),
        "builtins.exec": pickle.dumps(Call(exec, f"open({str(made)!r}, 'w').close()"), 4),
        "pathlib": pickle.dumps(Call(Path.touch, made), 4),
        "numpy": pickle.dumps(Call(np.save, str(made), 0), 2),
    }


@pytest.mark.parametrize("place", range(5))
@pytest.mark.parametrize("name", ["os.system", "builtins.eval", "builtins.exec", "pathlib", "numpy"])
def test_a_hostile_pickle_runs_nothing(tmp_path, name, place):
    """A call hidden in any of the five pickles is refused, and it does not run."""
    made = tmp_path / "made.npy"
    hostile = hostile_calls(made)[name]
    pickle.loads(hostile)
    assert made.exists(), "the pickle must be dangerous, or it would prove nothing"
    made.unlink()

    parts = [file_of(part) for part in (MAGIC, PROTOCOL, SYSTEM, {}, [])]
    parts[place] = hostile
    with pytest.raises(WeightsError, match="it names"):
        read_state_dict(b"".join(parts))
    assert not made.exists()


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("collections", "_sys.modules"),
        ("collections", "OrderedDict.__class__"),
        ("torch._utils", "os.system"),
        ("torch", "FloatStorage.__class__"),
        ("torch", "load"),
        ("builtins", "getattr"),
    ],
)
def test_a_nested_or_another_name_is_refused(module, name):
    """Only exact names are allowed.

    Other names in the same module are refused, and so are attributes of an allowed name.
    """
    text = [b"\x8c" + bytes([len(part)]) + part.encode() for part in (module, name)]
    data = b"\x80\x04" + b"".join(text) + b"\x93."
    if module == "collections":
        assert pickle.loads(data) in (sys.modules, type)
    with pytest.raises(WeightsError, match="it names"):
        read_state_dict(data)
