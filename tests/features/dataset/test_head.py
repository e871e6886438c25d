from dataclasses import replace

import pytest

from imgsort.features.dataset.head import DatasetHead
from tests.support.datasets import HEAD


def as_bytes(metadata):
    return {name.encode(): text.encode() for name, text in metadata.items()}


def test_a_head_is_read_as_it_was_written():
    """Every field comes back, also a name with bytes that are not UTF-8."""
    head = replace(HEAD, model={"name": "vgg16", "weights": "/w/\udcff.h5", "size_px": 128, "fallback": None})
    assert DatasetHead.from_metadata(as_bytes(head.to_metadata())) == head


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *((f"imgsort.{name}", None) for name in ("recipe", "model", "source", "began_ns", "version")),
        ("imgsort.recipe", b"x" * 70_000),
        ("imgsort.recipe", b"\xff\xfe"),
        ("imgsort.model", b"[1, 2]"),
        ("imgsort.model", b"{"),
        ("imgsort.model", b"[" * 60_000),
        ("imgsort.began_ns", b"-5"),
        ("imgsort.began_ns", b"1e9"),
        ("imgsort.began_ns", b"9" * 5000),
        ("imgsort.began_ns", "٣".encode()),
    ],
)
def test_metadata_of_a_stranger_is_refused(name, value):
    """Metadata that is missing, too long or of another kind is a ValueError, and nothing worse."""
    metadata = as_bytes(HEAD.to_metadata())
    if value is None:
        del metadata[name.encode()]
    else:
        metadata[name.encode()] = value
    with pytest.raises((ValueError, RecursionError)):
        DatasetHead.from_metadata(metadata)
