"""The file `.imgsortignore`, which may come from a stranger, and its place among the options."""

import os
import sys

import pytest

from imgsort.errors import CollectionError, UsageError
from imgsort.images.finding.find import find_images
from imgsort.images.finding.leaving_out.rules import Rules
from tests.support.trees import make_tree

JPEG = b"\xff\xd8\xff\xe0 and so on"
posix = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pipes in folders and links need a privilege")
linux = pytest.mark.skipif(sys.platform != "linux", reason="other systems refuse names that are not UTF-8")


def listed(root, **rules):
    return [file.path for file in find_images(root, recursive=True, rules=Rules(**rules)).files]


@pytest.mark.parametrize(
    ("text", "taken"),
    [
        (b"b.jpg\n", ["#.jpg", "a.jpg", "c .jpg"]),
        (b"b.jpg", ["#.jpg", "a.jpg", "c .jpg"]),
        (b"b.jpg\r\na.jpg\r\n", ["#.jpg", "c .jpg"]),
        (b"\xef\xbb\xbfb.jpg\n", ["#.jpg", "a.jpg", "c .jpg"]),
        (b"#.jpg\n\n  \n# nothing\n", ["#.jpg", "a.jpg", "b.jpg", "c .jpg"]),
        (b"\\#.jpg\n", ["a.jpg", "b.jpg", "c .jpg"]),
        (b"a.jpg   \n", ["#.jpg", "b.jpg", "c .jpg"]),
        (b"a.jpg\\ \n", ["#.jpg", "a.jpg", "b.jpg", "c .jpg"]),
        (b"*.jpg\n!a.jpg\n", ["a.jpg"]),
        (b"", ["#.jpg", "a.jpg", "b.jpg", "c .jpg"]),
    ],
)
def test_the_file_is_read_as_git_reads_its_own(tmp_path, text, taken):
    """Comments, empty lines, spaces and line ends of Windows are passed over; a backslash keeps what follows."""
    make_tree(tmp_path, {**dict.fromkeys(["a.jpg", "b.jpg", "#.jpg", "c .jpg"], JPEG), ".imgsortignore": text})
    assert listed(tmp_path) == taken


def test_options_come_after_the_file_and_include_comes_last(tmp_path):
    """A later pattern decides: --exclude may take back what the file leaves out. What --include matches stays in."""
    tree = dict.fromkeys(["a.jpg", "b.jpg", "c.jpg", "d/a.jpg", "d/b.jpg"], JPEG)
    make_tree(tmp_path, {**tree, ".imgsortignore": b"a.jpg\nb.jpg\n"})
    assert listed(tmp_path) == ["c.jpg"]
    assert listed(tmp_path, exclude=["!a.jpg"]) == ["a.jpg", "d/a.jpg", "c.jpg"]
    assert listed(tmp_path, exclude=["!a.jpg", "a.jpg"]) == ["c.jpg"]
    assert listed(tmp_path, exclude=["*"], include=["/b.jpg"]) == ["b.jpg"]
    assert listed(tmp_path, exclude=["*"], include=["d"]) == ["d/a.jpg", "d/b.jpg"]
    assert listed(tmp_path, exclude=["*"], include=["d", "!d/a.jpg"]) == ["d/b.jpg"]


def test_on_the_command_line_a_hash_begins_no_comment(tmp_path):
    """`--exclude '#1.jpg'` names a file: a comment makes sense in a file only."""
    make_tree(tmp_path, dict.fromkeys(["#1.jpg", "a.jpg"], JPEG))
    assert listed(tmp_path, exclude=["#1.jpg"]) == ["a.jpg"]
    assert listed(tmp_path, exclude="#1.jpg") == ["a.jpg"]


@linux
def test_names_that_are_not_utf8_can_be_named(tmp_path):
    """The file may hold any bytes, as names may."""
    make_tree(tmp_path, {"bad\udcff.jpg": JPEG, "a.jpg": JPEG})
    (tmp_path / ".imgsortignore").write_bytes(b"bad\xff.*\n")
    assert listed(tmp_path) == ["a.jpg"]


def test_a_wrong_line_is_named_with_its_number(tmp_path):
    """The error names the file, the line and the pattern."""
    make_tree(tmp_path, {"a.jpg": JPEG, ".imgsortignore": b"# fine\n*.png\nx[\n"})
    with pytest.raises(UsageError, match=r"\.imgsortignore, line 3: 'x\['"):
        listed(tmp_path)


@pytest.mark.parametrize("content", [b"x" * 70_000, b"a\n" * 1500, "*.jpg\n".encode("utf-16")], ids=len)
def test_a_file_that_is_no_list_of_patterns_is_refused(tmp_path, content):
    """A file that is too large, has too many patterns or is no UTF-8 is an error: it must not be passed over."""
    make_tree(tmp_path, {"a.jpg": JPEG, ".imgsortignore": content})
    with pytest.raises(CollectionError, match=r"\.imgsortignore: "):
        listed(tmp_path)


@posix
@pytest.mark.parametrize("kind", ["link", "dangling", "pipe", "folder"])
def test_only_a_regular_file_is_read(tmp_path, kind):
    """A link could show the user a line of any file, and a pipe would keep the command waiting."""
    root = tmp_path / "collection"
    make_tree(tmp_path, {"secret": b"x[\n", "collection/a.jpg": JPEG})
    path = root / ".imgsortignore"
    make = {
        "link": lambda: path.symlink_to(tmp_path / "secret"),
        "dangling": lambda: path.symlink_to("nowhere"),
        "pipe": lambda: os.mkfifo(path),
        "folder": path.mkdir,
    }
    make[kind]()
    with pytest.raises(CollectionError, match=r"\.imgsortignore: this is not a file"):
        listed(root)


def test_only_the_file_of_the_collection_counts(tmp_path):
    """A file `.imgsortignore` in a subfolder is a hidden file like any other."""
    make_tree(tmp_path, {"a.jpg": JPEG, "sub/a.jpg": JPEG, "sub/.imgsortignore": b"*\n"})
    assert listed(tmp_path) == ["a.jpg", "sub/a.jpg"]
