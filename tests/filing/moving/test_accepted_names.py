"""Tests the names that every file system takes."""

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imgsort.filing.moving.accepted_names import encoded

WINDOWS_REFUSES = set('<>:"|?*\\') | {chr(code) for code in range(32)}
name = st.text(min_size=1, max_size=40).filter(lambda text: "/" not in text and "\0" not in text)


@pytest.mark.parametrize(
    ("planned", "other"),
    [
        ("10:15.jpg", "10%3A15.jpg"),
        ("what?.jpg", "what%3F.jpg"),
        ("end.", "end%2E"),
        ("end ", "end%20"),
        ("con", "%63on"),
        ("COM1.jpg", "%43OM1.jpg"),
        ("console.jpg", "console.jpg"),
        ("caf\udce9.jpg", "caf%E9.jpg"),
        ("café.jpg", "café.jpg"),
        ("100 %.jpg", "100 %.jpg"),
    ],
)
def test_only_what_is_refused_changes(planned, other):
    """Characters, ends and names of devices that some file system refuses become %XX; the rest of a name stays."""
    assert encoded(planned) == other


@given(name)
def test_every_name_becomes_one_that_all_take(planned):
    """The other name has no refused character or end, is UTF-8, and is its own other name."""
    other = encoded(planned)
    assert not WINDOWS_REFUSES & set(other)
    assert other[-1] not in ". "
    os.fsencode(other).decode("utf-8")
    assert encoded(other) == other
