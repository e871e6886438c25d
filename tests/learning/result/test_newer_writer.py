"""A file that a newer Keras or a newer imgsort wrote says which version it wants, if it cannot be read here."""

import importlib.metadata
import json
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imgsort.errors import ClassifierError
from imgsort.learning.result.classifier_file import ClassifierFile, load_classifier
from imgsort.learning.result.newer_writer import newer_imgsort, newer_keras
from imgsort.version import __version__
from tests.support.archives import CONFIG, RECORD, altered, member

KERAS = importlib.metadata.version("keras")


def saved(folder, data: bytes) -> ClassifierFile:
    (folder / "x.keras").write_bytes(data)
    return load_classifier(folder / "x.keras")


def by_keras(data: bytes, version: object) -> bytes:
    """Return the file as if this Keras had written it."""
    return altered(data, metadata__json=json.dumps({"keras_version": version}).encode())


def by_imgsort(data: bytes, writer: object, **more: object) -> bytes:
    """Return the file as if this imgsort had written it, with other values in the record."""
    record = json.loads(member(data, RECORD))
    record["provenance"]["imgsort"] = writer
    return altered(data, imgsort__json=json.dumps({**record, **more}).encode())


def with_an_unknown_argument(data: bytes) -> bytes:
    config = json.loads(member(data, CONFIG))
    config["config"]["layers"][2]["config"]["of_a_keras_to_come"] = 1
    return altered(data, config__json=json.dumps(config).encode())


def with_an_unknown_layer(data: bytes) -> bytes:
    return altered(data, config__json=member(data, CONFIG).replace(b'"Identity"', b'"OfAKerasToCome"'))


UNREADABLE = {
    "argument": with_an_unknown_argument,
    "layer": with_an_unknown_layer,
    "member": lambda data: altered(data, more__json=b"{}"),
    "weights": lambda data: altered(data, model__weights__h5=b"in another way"),
    "no weights": lambda data: altered(data, model__weights__h5=None),
}


@pytest.mark.parametrize("how", UNREADABLE)
def test_a_network_of_a_newer_keras(tmp_path, small_file, how):
    """The error names the Keras that the file wants, the one that is here, the reason and the remedy."""
    file = saved(tmp_path, by_keras(UNREADABLE[how](small_file), "97.3.1"))
    with pytest.raises(ClassifierError) as error:
        file.load_network()
    assert f"x.keras: this file wants Keras 97.3.1, and here is Keras {KERAS} (" in str(error.value)
    assert "run `pip install 'keras>=97.3.1'`" in str(error.value)


@pytest.mark.parametrize("how", UNREADABLE)
def test_a_network_of_a_newer_imgsort(tmp_path, small_file, how):
    """The error names the imgsort that the file wants."""
    file = saved(tmp_path, by_imgsort(UNREADABLE[how](small_file), "98.1"))
    with pytest.raises(ClassifierError, match=rf"wants imgsort 98\.1, and here is imgsort {re.escape(__version__)} \("):
        file.load_network()


def test_both_are_newer(tmp_path, small_file):
    """The error names both."""
    file = saved(tmp_path, by_keras(by_imgsort(with_an_unknown_layer(small_file), "98.1"), "97.3"))
    with pytest.raises(ClassifierError, match=r"wants Keras 97\.3 and imgsort 98\.1, and here is Keras"):
        file.load_network()


@pytest.mark.parametrize("how", ["newer", "same"])
def test_a_newer_format(tmp_path, small_file, how):
    """A record in a newer format names the imgsort that wrote it, or the format."""
    data = by_imgsort(small_file, "98.1" if how == "newer" else __version__, version=2, network="described elsewhere")
    wanted = r"imgsort 98\.1" if how == "newer" else "an imgsort that reads version 2 of the format"
    with pytest.raises(ClassifierError, match=rf"x\.keras: this file wants {wanted}, and here is imgsort"):
        saved(tmp_path, data)


def test_what_can_be_read_is_read(tmp_path, small_file):
    """A file of newer programs that this one understands is no error."""
    file = saved(tmp_path, by_keras(by_imgsort(small_file, "98.1"), "97.3.1"))
    assert file.load_network().output_shape == (None, 3)


@pytest.mark.parametrize(
    "version",
    [KERAS, "2.13.0", "3.4", "", "new", "99; rm -rf x", "99'", "9" * 300, "99." * 9, None, 99, [99], {"x": 1}, "٩٩.1"],
)
def test_a_file_of_no_newer_keras(tmp_path, small_file, version):
    """A file of this Keras or an older one is no newer one's, and neither is one that gives no version at all."""
    file = saved(tmp_path, by_keras(with_an_unknown_layer(small_file), version))
    with pytest.raises(ClassifierError, match="not a classifier that imgsort wrote"):
        file.load_network()


@pytest.mark.parametrize("version", ["97.0.0rc1", "97.0.0.dev2026", "97"])
def test_a_version_before_its_release(small_file, version):
    """Versions are compared by their numbers."""
    assert newer_keras(by_keras(small_file, version)).wanted == f"Keras {version}"


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=60), st.binary(max_size=60))
def test_members_of_any_bytes(small_file, metadata, record):
    """Whatever the members hold, asking who wrote them raises nothing."""
    data = altered(small_file, metadata__json=metadata, imgsort__json=record)
    assert newer_keras(data) is None
    assert newer_imgsort(data, RECORD, 1000, 1) is None


def test_no_archive():
    """Bytes that are no archive were written by nobody."""
    assert newer_keras(b"nonsense") is None
    assert newer_imgsort(b"nonsense", RECORD, 1000, 1) is None
