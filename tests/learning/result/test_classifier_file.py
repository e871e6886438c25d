"""Saved classifiers come back unchanged. Untrusted files, which may hold anything, do no harm."""

import io
import json
import os
import pickle
import struct
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.numpy import save as safetensors

from imgsort.content import content_hash
from imgsort.errors import ClassifierError
from imgsort.features.keras_backend import import_keras
from imgsort.learning.network.networks import build_small_network, features_part
from imgsort.learning.result.classifier_file import ClassifierFile, load_classifier, save_classifier
from tests.support.archives import CONFIG, NUMBERS, RECORD, WEIGHTS, altered, member

NAMES = ("кошки и коты", "犬", "é %$ “x”", "C")


def with_json(data: bytes, name: str, *changes: tuple[tuple[Any, ...], Any]) -> bytes:
    """Return the archive with changed values in a JSON member. Each change is (keys, value)."""
    whole = json.loads(member(data, name))
    for (*keys, last), value in changes:
        place = whole
        for key in keys:
            place = place[key]
        place[last] = value
    return altered(data, **{name.replace(".", "__"): json.dumps(whole).encode()})


def declared(data: bytes, name: str, size: int) -> bytes:
    """Return the archive with a member that claims to have `size` bytes."""
    changed = bytearray(data)
    at = -1
    while (at := changed.find(b"PK\x01\x02", at + 1)) >= 0:
        length = struct.unpack_from("<H", changed, at + 28)[0]
        if changed[at + 46 : at + 46 + length] == name.encode():
            struct.pack_into("<I", changed, at + 24, size)
    return bytes(changed)


def read(data: bytes) -> ClassifierFile:
    """Write the bytes to a file and load it."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "x.keras")
        file.write_bytes(data)
        return load_classifier(file)


def refused(data: bytes) -> str:
    """Load the file, which must be refused. Return the error message."""
    with pytest.raises(ClassifierError, match=r"x\.keras: .*`imgsort train` makes one") as error:
        read(data)
    return str(error.value)


def network_refused(data: bytes) -> str:
    """Load the network of a file, which must be refused. Return the error message.

    The other members of the file are valid.
    """
    with pytest.raises(ClassifierError, match=r"x\.keras: .*`imgsort train` makes one") as error:
        read(data).load_network()
    return str(error.value)


# Saved classifiers come back.


@pytest.fixture(scope="module")
def small_network():
    """The network from scratch at 32 px, for each number of classes in these tests."""
    import_keras().utils.set_random_seed(0)
    return {classes: build_small_network(32, classes) for classes in (2, 4)}


@pytest.mark.parametrize("classes", [2, 4])
def test_a_classifier_comes_back(tmp_path, small_network, classifier_of, classes):
    """Everything that was saved is loaded, whatever letters the class names have.

    This is the classes, the head, the centres, the reference and the record.
    """
    network = small_network[classes]
    classifier = classifier_of(network, *NAMES[:classes])
    save_classifier(tmp_path / "c.keras", network, classifier)
    file = load_classifier(tmp_path / "c.keras")
    found = file.classifier
    for name in ("classes", "network", "reference", "trained_on", "provenance"):
        assert getattr(found, name) == getattr(classifier, name)
    assert np.array_equal(found.head.kernel, classifier.head.kernel)
    assert np.array_equal(found.head.bias, classifier.head.bias)
    assert np.array_equal(found.centres, classifier.centres)
    assert (file.path, file.data) == (tmp_path / "c.keras", (tmp_path / "c.keras").read_bytes())
    assert file.sha256 == content_hash(file.data)
    assert os.listdir(tmp_path) == ["c.keras"]


@pytest.mark.parametrize("classes", [2, 4])
def test_plain_keras_says_the_same(tmp_path, small_network, classifier_of, classes):
    """`keras.models.load_model` loads the file.

    Its outputs are what the classifier gives for the network's features.
    """
    network = small_network[classes]
    save_classifier(tmp_path / "c.keras", network, classifier_of(network, *NAMES[:classes]))
    loaded = import_keras().models.load_model(tmp_path / "c.keras")
    pixels = np.random.default_rng(1).integers(0, 256, (5, 32, 32, 3)).astype(np.float32)
    outputs = loaded.predict_on_batch(pixels)
    file = load_classifier(tmp_path / "c.keras")
    features = features_part(file.load_network()).predict_on_batch(pixels)
    probabilities = file.classifier.predict(features).probabilities
    assert np.ptp(outputs) > 1e-3
    assert np.allclose(outputs, probabilities[:, -outputs.shape[1] :], atol=1e-4)


def test_reading_takes_no_tensorflow(tmp_path, small_file):
    """A classifier is loaded and used without TensorFlow, Keras or HDF5."""
    (tmp_path / "c.keras").write_bytes(small_file)
    script = (
        "import sys, numpy as np\nfrom pathlib import Path\n"
        "from imgsort.learning.result.classifier_file import load_classifier\n"
        f"classifier = load_classifier(Path({str(tmp_path / 'c.keras')!r})).classifier\n"
        "classifier.predict(np.ones((2, 6), np.float32))\n"
        "print(*sys.modules)"
    )
    loaded = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout.split()
    assert not {"tensorflow", "keras", "h5py"} & set(loaded)


def test_a_link_is_followed(tmp_path, small_file):
    """A person may give a link to the file."""
    (tmp_path / "c.keras").write_bytes(small_file)
    (tmp_path / "latest.keras").symlink_to("c.keras")
    assert load_classifier(tmp_path / "latest.keras").classifier.classes == ("ant", "bee", "cat")


# Nothing is overwritten, and no incomplete file is left.


def fill_place(path: Path, kind: str) -> None:
    if kind == "file":
        path.write_bytes(b"mine")
    elif kind == "folder":
        path.mkdir()
    else:
        path.symlink_to(path.parent / "nowhere")


@pytest.fixture(params=[True, False], ids=["links", "no links"])
def has_links(request, monkeypatch) -> None:
    """A file system with hard links, and one without."""
    if not request.param:
        monkeypatch.setattr(os, "link", _no_links)


@pytest.mark.usefixtures("has_links")
@pytest.mark.parametrize("kind", ["file", "folder", "dangling link"])
def test_nothing_is_overwritten(tmp_path, tiny_network, classifier_of, kind):
    """A name that is taken is refused, and what has this name stays.

    This is also true on a file system without hard links.
    """
    fill_place(tmp_path / "c.keras", kind)
    network = tiny_network()
    with pytest.raises(FileExistsError):
        save_classifier(tmp_path / "c.keras", network, classifier_of(network, "a", "b", "c"))
    assert os.listdir(tmp_path) == ["c.keras"]
    if kind == "file":
        assert (tmp_path / "c.keras").read_bytes() == b"mine"


def _no_links(*_: object) -> None:
    raise PermissionError(1, "Operation not permitted")


def test_a_file_system_without_links(tmp_path, monkeypatch, tiny_network, classifier_of):
    """If hard links are refused, as on exFAT, the file is copied, and it loads as usual."""
    monkeypatch.setattr(os, "link", _no_links)
    network = tiny_network()
    save_classifier(tmp_path / "c.keras", network, classifier_of(network, "a", "b", "c"))
    assert os.listdir(tmp_path) == ["c.keras"]
    load_classifier(tmp_path / "c.keras").load_network()


def test_a_disk_that_is_full_leaves_no_half_of_a_file(tmp_path, monkeypatch, tiny_network, classifier_of):
    """If hard links are refused and the copy fails, no file is left."""
    network = tiny_network()
    classifier = classifier_of(network, "a", "b", "c")

    def full(self: Path) -> bytes:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "link", _no_links)
    monkeypatch.setattr(Path, "read_bytes", full)
    with pytest.raises(OSError, match="No space"):
        save_classifier(tmp_path / "c.keras", network, classifier)
    assert os.listdir(tmp_path) == []


def test_a_record_that_cannot_be_written_leaves_nothing(tmp_path, tiny_network, classifier_of):
    """If saving fails half way, no file and no folder is left."""
    network = tiny_network()
    with pytest.raises(TypeError):
        save_classifier(
            tmp_path / "c.keras", network, classifier_of(network, "a", "b", "c", provenance={"x": object()})
        )
    assert os.listdir(tmp_path) == []


def test_a_folder_that_is_not_there(tmp_path, tiny_network, classifier_of):
    """A classifier is not written into a missing folder, and the folder is not created."""
    network = tiny_network()
    with pytest.raises(FileNotFoundError):
        save_classifier(tmp_path / "no" / "c.keras", network, classifier_of(network, "a", "b", "c"))
    assert os.listdir(tmp_path) == []


# Files that are no classifiers.


def test_no_file(tmp_path):
    """The error for a missing file repeats its name, and says how a file is made."""
    with pytest.raises(ClassifierError, match=r"no\.keras: there is no such file\. `imgsort train`"):
        load_classifier(tmp_path / "no.keras")


@pytest.mark.parametrize("kind", ["folder", "pipe", "loop", "long"])
def test_what_cannot_be_read(tmp_path, kind):
    """A folder, a pipe, a link to itself and a name that is too long are errors.

    The error names the path and the reason.
    """
    path = tmp_path / ("x" * 300 if kind == "long" else "c.keras")
    if kind == "folder":
        path.mkdir()
    elif kind == "pipe":
        os.mkfifo(path)
    elif kind == "loop":
        path.symlink_to(path)
    with pytest.raises(ClassifierError) as error:
        load_classifier(path)
    assert str(path) in str(error.value)
    assert "(None)" not in str(error.value)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"PK",
        b"PK\x05\x06" + bytes(18),
        b"\x89PNG\r\n\x1a\n" + bytes(100),
        b"\x89HDF\r\n\x1a\n" + bytes(100),
        json.dumps({"format": "imgsort classifier"}).encode(),
        pickle.dumps({"classes": ["a", "b"]}),
        np.random.default_rng(0).bytes(5000),
    ],
)
def test_what_is_no_archive(data):
    """An empty file, another format and an archive without members are refused."""
    refused(data)


def test_a_pickle_is_not_opened(tmp_path):
    """A pickle is never loaded, so it does nothing. It may be the file or a member of it."""

    class Mark:
        def __reduce__(self):
            return os.mkdir, (str(tmp_path / "mark"),)

    data = pickle.dumps(Mark())
    refused(data)
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as new:
        new.writestr(RECORD, data)
        new.writestr(NUMBERS, data)
    refused(archive.getvalue())
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("name", [RECORD, NUMBERS])
def test_a_member_is_missing(small_file, name):
    """The error names the first missing member. A `.keras` file of somebody else has neither member."""
    assert f"it has no {name}" in refused(altered(small_file, **{name.replace(".", "__"): None}))


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.9, 0.99, 0.9999])
def test_a_file_that_was_cut_short(small_file, share):
    """An incomplete download is refused, wherever it ends."""
    refused(small_file[: int(len(small_file) * share)])


@pytest.mark.parametrize(
    "record",
    [
        b"",
        b"nonsense",
        b"null",
        b"5",
        b'"text"',
        b"[]",
        b"{}",
        b"\xff\xfe\x00",
        b"[" * 100_000,
        b'{"format":' * 20_000,
        b"9" * 10_000,
        b'{"format": "imgsort classifier"}',
        b'{"format": "imgsort classifier", "version": 1}',
    ],
)
def test_a_record_that_is_nonsense(small_file, record):
    """A record of nonsense is refused, whatever it holds."""
    refused(altered(small_file, imgsort__json=record))


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("format", "another classifier"),
        ("format", None),
        ("version", 2),
        ("version", "1"),
        ("version", None),
        ("classes", None),
        ("classes", 3),
        ("classes", []),
        ("classes", ["ant"]),
        ("classes", ["ant", "bee"]),
        ("classes", ["ant", "bee", "cat", "dog"]),
        ("classes", ["ant", "bee", 5]),
        ("classes", ["ant", "bee", None]),
        ("classes", ["ant", "bee", ["cat"]]),
        ("network", None),
        ("network", []),
        ("network", {}),
        ("reference", None),
        ("reference", {}),
        ("trained_on", None),
        ("trained_on", 5),
        ("trained_on", [1]),
        ("trained_on", [["a"]]),
        ("provenance", None),
        ("provenance", 5),
        ("provenance", "text"),
        ("network.size_px", 31),
        ("network.size_px", 2049),
        ("network.size_px", -224),
        ("network.size_px", 32.0),
        ("network.size_px", "32"),
        ("network.size_px", True),
        ("network.size_px", 10**30),
        ("network.size_px", None),
        ("network.is_stock", 1),
        ("network.is_stock", "no"),
        ("network.is_stock", None),
        ("network.name", 5),
        ("network.name", "x" * 10_000),
        ("network.weights_sha256", None),
        ("reference.confidence", float("nan")),
        ("reference.confidence", "0.9"),
        ("reference.confidence", True),
        ("reference.low_confidence", float("inf")),
        ("reference.far_distance", None),
        ("reference.far_distance", 10**400),
    ],
)
def test_a_record_with_one_wrong_value(small_file, key, value):
    """Each value of the record is checked.

    A value of another kind, a value that is not a number, and a value far from the usual ones are refused.
    """
    refused(with_json(small_file, RECORD, (tuple(key.split(".")), value)))


@pytest.mark.parametrize(
    "name",
    [
        "../x",
        "a/b",
        "/etc",
        "..\\x",
        ".hidden",
        "..",
        ".",
        "",
        " a",
        "a ",
        "a\nb",
        "a\0b",
        "\ud800",
        "é" * 128,
        "BEE",
        "Bee",
    ],
)
def test_classes_that_are_no_names_of_folders(small_file, name):
    """A class becomes a folder, so its name must be good for a folder.

    A path, a hidden name, a blank name, and a name that differs from another class only in case are refused.
    """
    refused(with_json(small_file, RECORD, (("classes",), ["ant", "bee", name])))


def test_classes_that_are_one_name_but_for_accents(small_file):
    """Names that differ only in composed and decomposed letters are refused.

    Some file systems take them for one name.
    """
    refused(with_json(small_file, RECORD, (("classes",), ["ant", "\u00e9", "e\u0301"])))


def numbers(**arrays: np.ndarray) -> bytes:
    """Return the small file's member of numbers, with some arrays changed."""
    usual = {"kernel": np.zeros((6, 3)), "bias": np.zeros(3), "centres": np.zeros((3, 6))}
    return safetensors({**{name: array.astype(np.float32) for name, array in usual.items()}, **arrays})


def header(kind: str, shape: list[int], size: int) -> bytes:
    """Return a safetensors file of zeros, with one tensor of the described kind, shape and size."""
    text = json.dumps({"kernel": {"dtype": kind, "shape": shape, "data_offsets": [0, size]}}).encode()
    return struct.pack("<Q", len(text)) + text + bytes(size)


def test_the_usual_numbers_are_taken(small_file):
    """The member that the tests below change is valid before the change."""
    assert read(altered(small_file, imgsort__safetensors=numbers())).classifier.head.kernel.shape == (6, 3)


@pytest.mark.parametrize(
    "member",
    [
        b"",
        b"nonsense",
        b"\xff" * 8 + b"{}",
        struct.pack("<Q", 2) + b"{}",
        pickle.dumps([1.0]),
        header("F32", [2**40, 2**40], 8),
        header("F32", [2, 3], 8),
        header("BF16", [2, 3], 12),
        header("F8_E4M3", [2, 3], 6),
        header("BOOL", [2, 3], 6),
        numbers(kernel=np.zeros((6, 2), np.float32)),
        numbers(kernel=np.zeros((5, 3), np.float32)),
        numbers(kernel=np.zeros((6, 3, 1), np.float32)),
        numbers(kernel=np.zeros(6, np.float32)),
        numbers(kernel=np.array(1, np.float32)),
        numbers(kernel=np.zeros((6, 3), np.float64)),
        numbers(kernel=np.zeros((6, 3), np.float16)),
        numbers(kernel=np.zeros((6, 3), np.int32)),
        numbers(kernel=np.full((6, 3), np.nan, np.float32)),
        numbers(kernel=np.full((6, 3), np.inf, np.float32)),
        numbers(bias=np.zeros(2, np.float32)),
        numbers(bias=np.zeros((3, 1), np.float32)),
        numbers(bias=np.full(3, -np.inf, np.float32)),
        numbers(centres=np.zeros((2, 6), np.float32)),
        numbers(centres=np.zeros((3, 7), np.float32)),
        numbers(centres=np.full((3, 6), np.nan, np.float32)),
        safetensors({"kernel": np.zeros((6, 3), np.float32), "bias": np.zeros(3, np.float32)}),
        safetensors({"bias": np.zeros(3, np.float32), "centres": np.zeros((3, 6), np.float32)}),
    ],
)
def test_numbers_of_another_kind(small_file, member):
    """Numbers of another shape or kind, no numbers, and a missing array are refused."""
    refused(altered(small_file, imgsort__safetensors=member))


@pytest.mark.parametrize("name", [RECORD, NUMBERS])
def test_a_member_that_claims_to_be_huge(small_file, name):
    """A member that claims to have gigabytes is not read."""
    assert "4000000000 bytes" in refused(declared(small_file, name, 4_000_000_000))


def test_a_member_that_is_damaged(small_file):
    """A wrong byte in a compressed member is refused. Either the checksum or the decompressor notices it."""
    data = altered(small_file, imgsort__json=json.dumps({"format": "x" * 1000, "y": list(range(500))}).encode())
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        start = archive.getinfo(RECORD).header_offset + 30 + len(RECORD)
    for at in range(start, start + 60, 3):
        refused(data[:at] + bytes([data[at] ^ 0xFF]) + data[at + 1 :])


@pytest.mark.parametrize(("method", "flags"), [(12, 0), (14, 0), (99, 0), (8, 1)])
def test_a_member_that_is_packed_in_another_way(small_file, method, flags):
    """A member that claims another compression method, or encryption, is refused."""
    data = bytearray(small_file)
    with zipfile.ZipFile(io.BytesIO(small_file)) as archive:
        local = archive.getinfo(RECORD).header_offset
    central = data.rfind(b"PK\x01\x02", 0, data.rfind(RECORD.encode()))
    assert data[central + 46 : central + 46 + len(RECORD)] == RECORD.encode()
    struct.pack_into("<HH", data, local + 6, flags, method)
    struct.pack_into("<HH", data, central + 8, flags, method)
    refused(bytes(data))


@pytest.fixture(scope="module")
def bare_file(small_file) -> bytes:
    """A file that `load_classifier` accepts, so small that most of its bytes matter."""
    return altered(small_file, config__json=b"{}", model__weights__h5=b"", metadata__json=b"")


@settings(max_examples=300, deadline=None)
@given(
    changes=st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), max_size=6),
    cut=st.one_of(st.just(1.0), st.floats(0, 1)),
)
def test_a_file_with_any_bytes_changed(bare_file, changes, cut):
    """A file with any bytes changed, and cut anywhere, loads or raises ClassifierError. No other error is raised."""
    data = bytearray(bare_file)
    for share, value in changes:
        data[int(share * len(data))] = value
    try:
        file = read(bytes(data[: round(cut * len(data))]))
    except ClassifierError:
        return
    assert len(file.classifier.classes) >= 2


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=4,
)
RECORD_KEYS = (
    "format version classes input network network.name network.size_px network.is_stock network.weights_sha256 "
    "reference reference.confidence reference.low_confidence reference.far_distance provenance trained_on"
).split()


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(RECORD_KEYS), json_values)
def test_a_record_with_any_value_changed(bare_file, key, value):
    """A record with any one value changed loads or raises ClassifierError, and no other error."""
    try:
        read(with_json(bare_file, RECORD, (tuple(key.split(".")), value)))
    except ClassifierError:
        return


# The network. Only some commands load it.


def test_a_network_with_a_lambda_layer(tmp_path, small_file):
    """Code in a file never runs. The error names the layer."""
    keras = import_keras()
    from keras.src.backend.common import global_state

    mark = str(tmp_path / "mark")

    def leave_mark(x):
        import os

        os.makedirs(mark, exist_ok=True)
        return x

    inputs = keras.layers.Input((32, 32, 3))
    x = keras.layers.Lambda(leave_mark, output_shape=(32, 32, 3))(inputs)
    x = keras.layers.GlobalAveragePooling2D(name="features")(x)
    keras.Model(inputs, keras.layers.Dense(3, activation="softmax", name="classes")(x)).save(tmp_path / "l.keras")
    if os.path.exists(mark):
        os.rmdir(mark)
    members = {name: member((tmp_path / "l.keras").read_bytes(), name) for name in (CONFIG, WEIGHTS)}
    assert b"Lambda" in members[CONFIG]
    hostile = altered(small_file, **{name.replace(".", "__"): content for name, content in members.items()})
    assert "Lambda" in network_refused(hostile)
    keras.config.enable_unsafe_deserialization()
    try:
        assert "Lambda" in network_refused(hostile)
    finally:
        global_state.set_global_attribute("safe_mode_saving", None)
    assert not os.path.exists(mark)


def layer(module: Any, name: Any, config: Any = None, registered: Any = None) -> dict[str, Any]:
    return {"module": module, "class_name": name, "config": config or {}, "registered_name": registered}


@pytest.mark.parametrize(
    "value",
    [
        layer("keras.layers", "Lambda"),
        layer("keras.layers", "StringLookup", {"vocabulary": "/etc/passwd"}),
        layer("keras.layers", "TextVectorization", {"vocabulary": "/etc/passwd"}),
        layer("keras.layers", "TFSMLayer", {"filepath": "/tmp/model"}),
        layer("keras.layers", "TorchModuleWrapper", {"module": "x"}),
        layer("keras.src.layers", "Dense", {"units": 3}),
        layer("keras.utils", "get_file", {"fname": "x", "origin": "http://127.0.0.1:9/x"}),
        layer("keras", "get_file"),
        layer("os", "system", {"command": "true"}),
        layer("builtins", "eval"),
        layer("builtins", "function", "print", "function"),
        layer("keras.layers", "Dense", {"units": 3}, "mine>Dense"),
        layer("keras.layers", "Dense", {"units": 3}, "Lambda"),
        layer("keras.layers", ["Dense"]),
        layer(["keras.layers"], "Dense"),
        layer({"x": 1}, "Dense"),
        layer("keras.layers", None),
        {"class_name": "__lambda__", "config": {"value": "4wEAAAA="}},
        {"class_name": "__typespec__", "spec_name": "x", "config": []},
        {"class_name": "function", "config": "eval", "module": "builtins"},
    ],
)
@pytest.mark.parametrize("place", ["layer", "initializer", "activation", "argument"])
def test_a_network_of_anything_else(small_file, value, place):
    """Anything that imgsort's networks do not contain is refused before Keras sees it.

    Its place in the description does not matter.
    """
    keys = {
        "layer": ("config", "layers", 2),
        "initializer": ("config", "layers", 2, "config", "kernel_initializer"),
        "activation": ("config", "layers", 2, "config", "activation"),
        "argument": ("config", "layers", 2, "inbound_nodes", 0, "kwargs", "training"),
    }[place]
    network_refused(with_json(small_file, CONFIG, (keys, value)))


@pytest.mark.parametrize(
    "config",
    [
        b"",
        b"nonsense",
        b"null",
        b"5",
        b"[]",
        b"{}",
        b'"Dense"',
        b"[" * 100_000,
        b'{"class_name": "Functional"}',
        b"\xff",
    ],
)
def test_a_network_that_is_no_description(small_file, config):
    """A member that does not describe a network is refused."""
    network_refused(altered(small_file, config__json=config))


@pytest.mark.parametrize(
    ("keys", "value"),
    [
        (("config",), None),
        (("config", "layers"), None),
        (("config", "layers"), []),
        (("config", "layers", 2, "config", "filters"), 0),
        (("config", "layers", 2, "config", "filters"), "many"),
        (("config", "layers", 2, "config", "filters"), 12),
        (("config", "layers", 2, "config", "strides"), [0, 0]),
        (("config", "layers", 2, "config", "groups"), 0),
        (("config", "layers", 2, "config", "kernel_size"), [-1, 3]),
        (("config", "layers", 2, "config", "activation"), "no such function"),
        (("config", "layers", 2, "config", "data_format"), "channels_first"),
        (("config", "layers", 2, "inbound_nodes", 0, "args"), []),
        (("config", "layers", 2, "inbound_nodes", 0, "args", 0), "rescaling"),
        (("config", "layers", 2, "inbound_nodes"), []),
        (("config", "layers", 5, "config", "units"), 2**62),
        (("config", "layers", 5, "config", "units"), -3),
        (("config", "layers", 5, "config", "units"), None),
        (("config", "input_layers"), []),
        (("config", "input_layers", 1), 7),
        (("config", "input_layers", 2), 7),
        (("config", "output_layers"), [["none", 0, 0]]),
        (("config", "output_layers", 1), 7),
        (("config", "output_layers", 2), 7),
        (("config", "layers", 0, "config", "batch_shape"), [None, 64, 64, 3]),
        (("config", "layers", 0, "config", "batch_shape"), [None, 32, 32, 1]),
        (("config", "layers", 0, "config", "batch_shape"), [None, None, None, 3]),
        (("config", "layers", 0, "config", "batch_shape"), [4, 32, 32, 3]),
        (("config", "layers", 0, "config", "batch_shape"), 5),
        (("config", "layers", 0, "config", "dtype"), "no such type"),
    ],
)
def test_a_network_that_cannot_be_built(small_file, keys, value):
    """A network that cannot be built raises ClassifierError, and no other error.

    Its layers are imgsort's but do not fit, or its input differs from the record.
    """
    network_refused(with_json(small_file, CONFIG, (keys, value)))


def with_weights(data: bytes, change: Any) -> bytes:
    """Return the archive with a changed HDF5 member. The function `change` gets the open file."""
    buffer = io.BytesIO(member(data, WEIGHTS))
    with h5py.File(buffer, "r+") as file:
        change(file)
    return altered(data, model__weights__h5=buffer.getvalue())


def first_dataset(file: Any) -> str:
    """Return the name of a dataset that has numbers."""
    names: list[str] = []
    file.visititems(lambda name, item: names.append(name) if isinstance(item, h5py.Dataset) and item.size else None)
    return names[0]


def replaced(file: Any, make: Any) -> None:
    """Replace a dataset with what `make(file, name)` makes."""
    name = first_dataset(file)
    del file[name]
    make(file, name)


def test_weights_as_they_are(small_file):
    """The file that the tests below change loads: writing it with h5py instead of Keras loses nothing."""
    read(with_weights(small_file, lambda file: None)).load_network()


@pytest.mark.parametrize(
    "kind", ["external link", "soft link", "external numbers", "virtual", "huge", "none", "text", "shape"]
)
def test_weights_that_are_elsewhere(tmp_path, small_file, kind):
    """Weights that are elsewhere or of another kind are refused.

    These are links to other files and places, numbers in other files, far too many numbers, none, a text, or numbers of
    another shape.
    """
    (tmp_path / "secret.bin").write_bytes(bytes(4096))
    with h5py.File(tmp_path / "other.h5", "w") as other:
        other["x"] = np.zeros((3, 3, 3, 6), np.float32)
    shape = (3, 3, 3, 6)
    layout = h5py.VirtualLayout(shape, np.float32)
    layout[:] = h5py.VirtualSource(str(tmp_path / "other.h5"), "x", shape)
    makers = {
        "external link": lambda file, name: file.__setitem__(name, h5py.ExternalLink(str(tmp_path / "other.h5"), "/x")),
        "soft link": lambda file, name: file.__setitem__(name, h5py.SoftLink("/elsewhere")),
        "external numbers": lambda file, name: file.create_dataset(
            name, shape, np.float32, external=[(str(tmp_path / "secret.bin"), 0, 648)]
        ),
        "virtual": lambda file, name: file.create_virtual_dataset(name, layout),
        "huge": lambda file, name: file.create_dataset(name, (2**20, 2**20), np.float32, chunks=(64, 64)),
        "none": lambda file, name: None,
        "text": lambda file, name: file.create_dataset(name, data="text"),
        "shape": lambda file, name: file.create_dataset(name, data=np.zeros((1, 2), np.float32)),
    }
    network_refused(with_weights(small_file, lambda file: replaced(file, makers[kind])))


@pytest.mark.parametrize("weights", [None, b"", b"nonsense", b"\x89HDF\r\n\x1a\n" + bytes(500), pickle.dumps([1])])
def test_weights_that_are_none(small_file, weights):
    """A member of weights that is missing, or that is no HDF5 file, is refused."""
    network_refused(altered(small_file, model__weights__h5=weights))


def test_weights_that_were_cut_short(small_file):
    """HDF5 that ends too early is refused."""
    network_refused(altered(small_file, model__weights__h5=member(small_file, WEIGHTS)[:-3000]))


@pytest.mark.parametrize("name", [CONFIG, WEIGHTS])
def test_a_part_of_the_network_that_claims_to_be_huge(small_file, name):
    """A description or weights that claim to have 4 GB are not read to the end."""
    network_refused(declared(small_file, name, 4_294_967_290))


def test_what_else_is_in_the_archive_goes_nowhere(tmp_path, monkeypatch, small_file):
    """A member whose name leads out of a folder is not written there, and the file is refused."""
    (tmp_path / "a" / "b").mkdir(parents=True)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "a" / "b"))
    network_refused(altered(small_file, **{"../../evil": b"evil", "assets/x": b"evil"}))
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["a", "b"]


def test_the_network_is_of_the_bytes_that_were_read(tmp_path, tiny_network, classifier_of):
    """The network is loaded from the checked bytes, even if the file was replaced in the meantime."""
    network = tiny_network()
    save_classifier(tmp_path / "c.keras", network, classifier_of(network, "a", "b", "c"))
    file = load_classifier(tmp_path / "c.keras")
    (tmp_path / "c.keras").write_bytes(b"something else")
    for found, expected in zip(file.load_network().get_weights(), network.get_weights(), strict=True):
        assert np.array_equal(found, expected)
