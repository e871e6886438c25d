import os
import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from imgsort.learning.data.class_names import require_class_names


@pytest.mark.parametrize(
    "names",
    [
        ["cats", "dogs"],
        ["кошки", "猫", "קטים"],
        ["a b", "a-b", "a.b", "a+b"],
        ["x" * 255],
        ["é" * 127],
        ["e\u0301"],
        [],
    ],
)
def test_names_of_folders_are_taken(names):
    """Names may have letters of any script, spaces and dots inside, and up to 255 bytes."""
    require_class_names(names)


@pytest.mark.parametrize(
    "name",
    [
        "",
        " ",
        ".",
        "..",
        "../x",
        "a/b",
        "/a",
        "a/",
        "a\\b",
        ".hidden",
        " a",
        "a ",
        "\u3000a",
        "a\n",
        "a\nb",
        "a\x1bb",
        "a\0b",
        "a\x85b",
        "a\u2028b",
        "a\udcffb",
        "x" * 256,
        "é" * 128,
    ],
)
def test_what_no_folder_may_be_called_is_refused(name):
    """A name that no folder may have raises a ValueError that repeats the name.

    It is a path, is hidden, begins or ends with a blank, or has a control character, half a letter or too many bytes.
    """
    with pytest.raises(ValueError, match="cannot be the name of a class") as error:
        require_class_names(["fine", name])
    assert repr(name[:100]) in str(error.value)


@pytest.mark.parametrize(
    ("one", "other"), [("Cat", "cat"), ("STRASSE", "straße"), ("é", "e\u0301"), ("É", "e\u0301"), ("same", "same")]
)
def test_names_that_some_file_system_takes_for_one(one, other):
    """Names that differ only in case or in the spelling of accents are refused. The error names both."""
    with pytest.raises(ValueError, match="the same name on some file systems") as error:
        require_class_names(["between", one, other])
    assert repr(one) in str(error.value)
    assert repr(other) in str(error.value)


@given(st.text(st.one_of(st.characters(), st.sampled_from("./\\ \0\n\udc80a")), max_size=8))
@example("a")
def test_a_name_that_is_taken_is_one_part_of_a_path(name):
    """Any text raises ValueError, or it is a name that is one part of a path.

    Such a name does not change below a folder, and it can be written and read.
    """
    try:
        require_class_names([name])
    except ValueError:
        return
    assert os.path.normpath(os.path.join("root", name)) == f"root/{name}"
    assert os.path.split(name) == ("", name)
    assert name.encode().decode() == name
    assert not any(unicodedata.category(character) == "Cc" for character in name)


@given(st.lists(st.text("aAbBéÉ", min_size=1, max_size=2), max_size=6))
def test_no_two_names_are_alike_but_for_case(names):
    """A list is accepted exactly if no two of its names are equal when case is ignored."""
    if len({name.casefold() for name in names}) == len(names):
        require_class_names(names)
    else:
        with pytest.raises(ValueError, match="the same name"):
            require_class_names(names)
