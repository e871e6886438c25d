"""Tests the patterns of a user's own sidecars."""

import pytest

from imgsort.errors import UsageError
from imgsort.sidecar_names.front import Part
from imgsort.sidecar_names.patterns import parse_patterns


@pytest.mark.parametrize(
    ("text", "name", "part", "front"),
    [
        ("{stem}_mask.png", "x_mask.png", Part.STEM, "x"),
        ("{name}.notes", "x.jpg.notes", Part.NAME, "x.jpg"),
        ("depth {stem}.tif", "DEPTH x.TIF", Part.STEM, "x"),
        ("{stem}", "x", Part.STEM, "x"),
        ("{stem}_\u00e9.txt", "x_e\u0301.txt", Part.STEM, "x"),
    ],
)
def test_a_pattern_finds_the_images_part_of_a_name(text, name, part, front):
    """Case and composition of the other parts do not matter."""
    (pattern,) = parse_patterns([text])
    found = pattern.front(name)
    assert (found.part, found.text) == (part, front)


@pytest.mark.parametrize("name", ["_mask.png", "x_mask.jpg", "x_mask.png.xmp", "mask.png"])
def test_another_name_has_no_front(name):
    """A name that the pattern does not make points to no image."""
    (pattern,) = parse_patterns(["{stem}_mask.png"])
    assert pattern.front(name) is None


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("mask.png", "exactly once"),
        ("", "exactly once"),
        ("{stem}{name}", "exactly once"),
        ("{stem}_{stem}", "exactly once"),
        ("masks/{stem}.png", "without a slash"),
        ("..\\{stem}.png", "without a slash"),
        ("{stem}*.png", "without a slash, \\* or \\?"),
        ("{stem}?.png", "without a slash"),
        ("{stem}{0}.png", "other braces"),
        ("{stem}\0", "without a slash"),
        ("{name}", "the image itself"),
        (".{stem}.txt", "a hidden file"),
        ("{stem}" + "x" * 101, "at most 100 bytes"),
    ],
)
def test_what_is_no_pattern_is_a_usage_error(text, reason):
    """The error names the text and says what to write."""
    with pytest.raises(UsageError, match=rf"^--sidecar .*{reason}.*Write {{stem}} for"):
        parse_patterns([text])
