"""Tests the functions of `cache`: the sizes that a person writes, and what is left in the cache."""

import contextlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from imgsort.errors import UsageError
from imgsort.features.cache.feature_store import FeatureStore
from imgsort.features.cache.model_store import stored_or_made
from imgsort.jobs.upkeep.cache import cache_info, clear_cache, parse_size, prune_cache


@pytest.fixture(autouse=True)
def filled_folder(own_folder):
    """Fill the cache folder with ten rows of features and one model."""
    store = FeatureStore()
    store.put(1, {f"{number:064x}": np.zeros(1280, np.float32) for number in range(10)}, [])
    store.close()
    stored_or_made("key", lambda: bytes(50_000), pytest.fail)


def holds(info):
    return info.rows, info.models


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("0", 0),
        ("1", 1),
        ("12345", 12345),
        ("7b", 7),
        ("500MB", 500_000_000),
        ("500 MB", 500_000_000),
        (" 2GB\n", 2_000_000_000),
        ("2g", 2_000_000_000),
        ("2gb", 2_000_000_000),
        ("1.5k", 1500),
        ("0.5TB", 500_000_000_000),
        ("1.2345 KB", 1234),
        ("007", 7),
    ],
)
def test_sizes(text, size):
    """A size is a number of bytes, or a number with a unit in powers of ten. Case and spaces do not matter."""
    assert parse_size(text) == size


@pytest.mark.parametrize(
    "text",
    ["", " ", "GB", "-1", "+1", "1,5GB", "1.GB", ".5GB", "1e9", "1 PB", "2GiB", "2 G B", "1GB 2MB", "inf", "nan"],
)
def test_what_is_no_size(text):
    """Any other text is a usage error that repeats the text and gives a correct example."""
    with pytest.raises(UsageError) as raised:
        parse_size(text)
    assert str(raised.value).startswith(f"size {text!r}: ")
    assert "500MB" in str(raised.value)


@given(st.integers(0, 2**53))
def test_any_number_of_bytes(size):
    """A plain number is a number of bytes."""
    assert parse_size(str(size)) == size


@given(st.text("0123456789. \u0663\u00b2kKmMgGtTbB-+eé", max_size=12))
def test_any_text(text):
    """Any text is either a size that is not negative, or a usage error."""
    with contextlib.suppress(UsageError):
        assert parse_size(text) >= 0


def test_a_number_without_end():
    """A number with very many digits is either a size or a usage error."""
    with contextlib.suppress(UsageError):
        assert parse_size("9" * 400) > 10**300


def test_info(own_folder):
    """`cache_info` reports what is in the cache, and changes nothing."""
    before = sorted(own_folder.rglob("*"))
    for _ in range(2):
        info = cache_info()
        assert holds(info) == (10, 1)
        assert isinstance(info.folder, Path)
    assert sorted(own_folder.rglob("*")) == before


@pytest.mark.parametrize(
    ("which", "left"),
    [
        ({}, (0, 0)),
        ({"features": False}, (10, 0)),
        ({"models": False}, (0, 1)),
        ({"features": False, "models": False}, (10, 1)),
    ],
)
def test_clear(which, left):
    """`clear_cache` removes what it is asked to remove, and returns what is left."""
    info = clear_cache(**which)
    assert holds(info) == left
    assert info == cache_info()


def test_prune():
    """A size is a number or a text. `prune_cache` returns what is left. A wrong size changes nothing."""
    assert holds(prune_cache("1GB")) == (10, 1)
    with pytest.raises(UsageError):
        prune_cache("much")
    assert holds(cache_info()) == (10, 1)
    info = prune_cache(cache_info().total_bytes - 1)
    assert info == cache_info()
    assert 0 < info.rows < 10
    assert holds(prune_cache("80kB")) == (0, 1)
    assert holds(prune_cache(0)) == (0, 0)
