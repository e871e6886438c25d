"""Names from anybody's folder in a table that a spreadsheet opens."""

import csv
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imgsort.errors import UsageError
from imgsort.report.csv_file import decode_cell, encode_cell, require_new, write_csv


@given(st.binary(max_size=40))
def test_every_file_name_can_be_read_back(name):
    """Encoding and decoding give any name again, whatever its bytes."""
    text = os.fsdecode(name)
    encoded = encode_cell(text)
    assert decode_cell(encoded) == text
    encoded.encode("utf-8")
    assert not encoded.startswith(("=", "+", "-", "@"))
    assert all(
        character.isprintable() for character in encoded if character not in "\u3000\xa0\xad" and ord(character) < 0x80
    )


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("plain name.jpg", "plain name.jpg"),
        ("=cmd|' /C calc'!A0.jpg", "%3Dcmd|' /C calc'!A0.jpg"),
        ("-leading.jpg", "%2Dleading.jpg"),
        ("+1.jpg", "%2B1.jpg"),
        ("@x.jpg", "%40x.jpg"),
        ("100%.jpg", "100%25.jpg"),
        ("new\nline\t.jpg", "new%0Aline%09.jpg"),
        ("bad\udcff.jpg", "bad%FF.jpg"),
        ("фото 😀.jpg", "фото 😀.jpg"),
        ("", ""),
    ],
)
def test_what_a_cell_looks_like(text, cell):
    """What a spreadsheet could take for a formula, or a reader for a line, is written in hexadecimal."""
    assert encode_cell(text) == cell


def test_a_table_is_written_as_it_is_read(tmp_path):
    """Rows come back through Python's own reader, numbers as they are."""
    write_csv(tmp_path / "t.csv", ("file", "value"), [('a,b".jpg', 0.5), ("=x", None)])
    with open(tmp_path / "t.csv", encoding="utf-8", newline="") as handle:
        assert list(csv.reader(handle)) == [["file", "value"], ['a,b".jpg', "0.5"], ["%3Dx", ""]]


def test_nothing_is_overwritten(tmp_path):
    """A name that is taken, be it by a dangling link, and a folder that is not there are refused."""
    (tmp_path / "there.csv").write_text("mine")
    (tmp_path / "link.csv").symlink_to(tmp_path / "nowhere")
    for name in ("there.csv", "link.csv"):
        with pytest.raises(UsageError, match="exists already"):
            require_new(tmp_path / name)
        with pytest.raises(FileExistsError):
            write_csv(tmp_path / name, ("a",), [])
    with pytest.raises(UsageError, match="there is no folder"):
        require_new(tmp_path / "no" / "x.csv")
    assert (tmp_path / "there.csv").read_text() == "mine"
    assert not (tmp_path / "nowhere").exists()
