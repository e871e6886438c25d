"""File names from untrusted folders, in a table that a person opens with a spreadsheet."""

import csv
import os
import tempfile
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from imgsort.csv_file import decode_cell, encode_cell, read_csv, require_new, write_csv
from imgsort.errors import UsageError


@given(st.binary(max_size=40))
def test_every_file_name_can_be_read_back(name):
    """Any file name, whatever its bytes, is the same after encoding and decoding."""
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
    """Characters that could start a formula or a new line are written in hexadecimal."""
    assert encode_cell(text) == cell


def test_a_table_is_written_as_it_is_read(tmp_path):
    """Python's own CSV reader reads the rows back. Numbers stay as they are."""
    write_csv(tmp_path / "t.csv", ("file", "value"), [('a,b".jpg', 0.5), ("=x", None)])
    with open(tmp_path / "t.csv", encoding="utf-8-sig", newline="") as handle:
        assert list(csv.reader(handle)) == [["file", "value"], ['a,b".jpg', "0.5"], ["%3Dx", ""]]


def test_nothing_is_overwritten(tmp_path):
    """A name that is taken, even by a dangling link, is refused. So is a name in a missing folder."""
    (tmp_path / "there.csv").write_text("mine")
    (tmp_path / "link.csv").symlink_to(tmp_path / "nowhere")
    for name in ("there.csv", "link.csv"):
        with pytest.raises(UsageError, match="this file exists, and imgsort overwrites no file"):
            require_new(tmp_path / name)
        with pytest.raises(FileExistsError):
            write_csv(tmp_path / name, ("a",), [])
    with pytest.raises(UsageError, match="there is no folder"):
        require_new(tmp_path / "no" / "x.csv")
    assert (tmp_path / "there.csv").read_text() == "mine"
    assert not (tmp_path / "nowhere").exists()


HEADER = ("file", "target")
NAMES = st.one_of(st.binary(max_size=30).map(os.fsdecode), st.text("=+-@%é\"',;\t\r\n ab20"))


def read_back(rows):
    with tempfile.TemporaryDirectory() as folder:
        write_csv(Path(folder, "t.csv"), HEADER, rows)
        return read_csv(Path(folder, "t.csv"), HEADER)


@settings(deadline=None)
@given(st.lists(st.tuples(NAMES.filter(str.strip).map(str.strip), NAMES.map(str.strip)), max_size=5))
def test_every_table_is_read_back(rows):
    """Any name comes back unchanged, with the number of its line."""
    assert read_back(rows) == [(n, dict(zip(HEADER, row, strict=True))) for n, row in enumerate(rows, 2)]


@given(NAMES.filter(bool))
@example(" a.jpg")
def test_a_space_at_either_end_is_part_of_a_name(name):
    """` a.jpg` and `a.jpg` may be two different files, so the space is kept."""
    assert read_back([(name, "")]) == [(2, {"file": name, "target": ""})]


@pytest.mark.parametrize(
    "text",
    [
        "file,target\na.jpg,c/a.jpg\n",
        "\ufefffile,target\na.jpg,c/a.jpg\n",
        "file,target\r\na.jpg,c/a.jpg\r\n",
        "file,target\ra.jpg,c/a.jpg\r",
        "file;target\na.jpg;c/a.jpg\n",
        "\ufefffile\ttarget\r\na.jpg\tc/a.jpg\r\n",
        '"file";"target"\n"a.jpg";"c/a.jpg"\n',
        "target,file\nc/a.jpg,a.jpg\n",
        "file,mine,target,\na.jpg,1;2\t,c/a.jpg,\n",
        "file,target\na.jpg,c/a.jpg,more,cells\n",
        "file,target\n a.jpg , c/a.jpg\n",
        "file,target\na.jpg,c/a.jpg",
    ],
)
def test_what_a_spreadsheet_may_have_done(tmp_path, text):
    """A table that a spreadsheet has saved gives the same row.

    The separator, the BOM, the line ends and the quotes may change. Columns may move, and new columns may appear.
    """
    (tmp_path / "t.csv").write_bytes(text.encode())
    assert read_csv(tmp_path / "t.csv", HEADER) == [(2, {"file": "a.jpg", "target": "c/a.jpg"})]


def test_lines_are_those_of_the_file(tmp_path):
    """Rows have the line numbers of the file.

    Empty rows are left out, but they are counted. A row may be short. A separator in quotes is text.
    """
    (tmp_path / "t.csv").write_text('file;target\n\n;\n"a;b.jpg";"c,d/e"\n  ; \nb.jpg\n', encoding="utf-8")
    assert read_csv(tmp_path / "t.csv", HEADER) == [
        (4, {"file": "a;b.jpg", "target": "c,d/e"}),
        (6, {"file": "b.jpg", "target": ""}),
    ]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "no column 'file'"),
        (b"file\na.jpg\n", "no column 'target'"),
        (b"File,Target\na,b\n", "no column 'file'"),
        (b"a.jpg,c/a.jpg\n", "no column 'file'"),
        (b"file,target\n\xe9.jpg,x\n", "cannot be read"),
        (b"\x89PNG\r\n\x1a\n\0\0", "cannot be read"),
        (b"file,target\n" + b"a" * 200_000 + b",x\n", "cannot be read"),
    ],
)
def test_what_is_no_such_table(tmp_path, content, message):
    """A file that is not such a table is an error that names the file.

    The header is missing, the text is not UTF-8, the file is binary, or a cell is longer than any name.
    """
    (tmp_path / "t.csv").write_bytes(content)
    with pytest.raises(UsageError, match=rf"t\.csv: .*{message}"):
        read_csv(tmp_path / "t.csv", HEADER)


def test_a_table_that_is_not_there(tmp_path):
    """A missing file is an error, and so is a folder in its place."""
    for path, words in ((tmp_path / "no.csv", "no such file"), (tmp_path, "cannot be read")):
        with pytest.raises(UsageError, match=words):
            read_csv(path, HEADER)
