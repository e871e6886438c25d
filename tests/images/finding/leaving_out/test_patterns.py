"""What gitignore's patterns match: by a table, and by git itself."""

import os
import re
import shutil
import subprocess
import time
import unicodedata

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from imgsort.errors import UsageError
from imgsort.images.finding.find import find_images
from imgsort.images.finding.leaving_out.patterns import PatternList, pattern_of
from imgsort.images.finding.leaving_out.rules import Rules
from tests.support.trees import make_tree

JPEG = b"\xff\xd8\xff\xe0 and so on"
TREE = [
    "a.jpg",
    "b.png",
    "IMG_1.jpg",
    "IMG_22.JPG",
    "x y.jpg",
    "#1.jpg",
    "!1.jpg",
    "[1].jpg",
    "sub/a.jpg",
    "sub/b.png",
    "sub/deep/a.jpg",
    "sub/deep/er/a.jpg",
    "other/sub/a.jpg",
    "other/a.jpg/b.jpg",
]


def listed(root, **rules):
    return {file.path for file in find_images(root, recursive=True, rules=Rules(**rules)).files}


@pytest.mark.parametrize(
    ("patterns", "left_out"),
    [
        (
            ["a.jpg"],
            {"a.jpg", "sub/a.jpg", "sub/deep/a.jpg", "sub/deep/er/a.jpg", "other/sub/a.jpg", "other/a.jpg/b.jpg"},
        ),
        (["/a.jpg"], {"a.jpg"}),
        (["a.jpg/"], {"other/a.jpg/b.jpg"}),
        (["sub/"], {"sub/a.jpg", "sub/b.png", "sub/deep/a.jpg", "sub/deep/er/a.jpg", "other/sub/a.jpg"}),
        (["/sub"], {"sub/a.jpg", "sub/b.png", "sub/deep/a.jpg", "sub/deep/er/a.jpg"}),
        (["sub/a.jpg"], {"sub/a.jpg"}),
        (["sub/*.jpg"], {"sub/a.jpg"}),
        (["sub/**"], {"sub/a.jpg", "sub/b.png", "sub/deep/a.jpg", "sub/deep/er/a.jpg"}),
        (["sub/**/"], {"sub/deep/a.jpg", "sub/deep/er/a.jpg"}),
        (["sub/**/a.jpg"], {"sub/a.jpg", "sub/deep/a.jpg", "sub/deep/er/a.jpg"}),
        (["**/sub/*.jpg"], {"sub/a.jpg", "other/sub/a.jpg"}),
        (["IMG_?.jpg"], {"IMG_1.jpg"}),
        (["IMG_[0-9]*"], {"IMG_1.jpg", "IMG_22.JPG"}),
        (["IMG_[[:digit:]].*"], {"IMG_1.jpg"}),
        (["sub[!x]a.jpg"], set()),
        (["#1.jpg"], {"#1.jpg"}),
        (["\\!1.jpg"], {"!1.jpg"}),
        (["\\[1].jpg"], {"[1].jpg"}),
        (["x\\ y.jpg"], {"x y.jpg"}),
        (["*.png", "!/b.png"], {"sub/b.png"}),
        (["!/b.png", "*.png"], {"b.png", "sub/b.png"}),
        (["/sub", "!/sub/a.jpg"], {"sub/a.jpg", "sub/b.png", "sub/deep/a.jpg", "sub/deep/er/a.jpg"}),
        (["img_1.jpg"], set()),
        (["*"], set(TREE)),
    ],
)
def test_patterns_match_as_in_a_gitignore(tmp_path, patterns, left_out):
    """Anchors, folders, `**`, sets, escapes and negations are as in a .gitignore, and the last match decides."""
    make_tree(tmp_path, dict.fromkeys(TREE, JPEG))
    assert set(TREE) - listed(tmp_path, exclude=patterns) == left_out


@pytest.mark.parametrize("source", ["exclude", "include"])
@pytest.mark.parametrize(
    "pattern", ["", "/", "!", "!/", "a\\", "[a", "[", "[!]", "x[]", "[z-a]", "[[:digits:]]", "a//b", "//a"]
)
def test_a_pattern_that_can_match_nothing_is_a_usage_error(pattern, source):
    """git passes over such a pattern without a word. Here the error names it, and the option."""
    with pytest.raises(UsageError, match=f"--{source}") as caught:
        Rules(**{source: [pattern]})
    assert repr(pattern) in str(caught.value)


PIECES = ["a", "b", "c", "*", "**", "?", "/", "[ab]", "[!a]", "[^b]", "[a-b]", "[[:alpha:]]", "[]-]", "[--0]", "[\\]]"]
PIECES += ["[a/b]", "\\*", "\\ ", " ", ".jpg", "***", "!", "#", "\\\\", "-", "]", "\\a"]
NAMES = ["a", "b", "ab", "ba", "a.jpg", "b.jpg", "-", "]", "*", "a b", "a\\", "!a", "#a", "A", "c"]


@pytest.fixture(scope="module")
def repository(tmp_path_factory):
    """A git repository with folders of many names, three deep."""
    if shutil.which("git") is None or os.name == "nt":
        pytest.skip("needs git, and names that Windows does not allow")
    root = tmp_path_factory.mktemp("repository")
    subprocess.run(["git", "init", "-q", root], check=True)
    inner = {f"{above}/{name}": JPEG for above in ("a b", "ab/b", "ab/a/c") for name in NAMES[4:]}
    make_tree(root, {**dict.fromkeys(NAMES[4:9] + NAMES[10:], JPEG), **inner})
    return root


@given(st.lists(st.lists(st.sampled_from(PIECES), min_size=1, max_size=6).map("".join), min_size=1, max_size=4))
@settings(max_examples=250, deadline=None, derandomize=True)
def test_git_leaves_out_the_same_files(repository, lines):
    """Whatever the lines of the file are, exactly the files that git ignores are left out."""
    # git's manual says that `**` beside other characters means `*`, but its answer to `a**/b` depends on where the
    # pattern lies in memory: git's wildmatch.c compares a pointer into the pattern with one into the text.
    assume(not any(re.search(r"[^/]\*\*+\\?/|\*\*\\/", line) for line in lines))
    text = "".join(f"{line}\n" for line in lines)
    for name in (".gitignore", ".imgsortignore"):
        (repository / name).write_text(text, encoding="utf-8")
    try:
        taken = listed(repository)
    except UsageError:
        return
    command = ["git", "-c", "core.ignoreCase=false", "ls-files", "-z", "--others", "--exclude-from=.gitignore"]
    found = subprocess.run(command, cwd=repository, capture_output=True, check=True).stdout.decode().split("\0")
    assert taken == {path for path in found if path and not path.startswith(".")}


@pytest.mark.parametrize(
    ("pattern", "path"),
    [
        ("*a*a*a*a*a*a*a*b", "a" * 255),
        ("*a" * 100 + "b", "a" * 255),
        ("?*" * 120 + "b", "a" * 255),
        ("*[ab]" * 60 + "c", "a" * 255),
        ("**/" + "a/**/" * 100 + "b", "a/" * 2000 + "a"),
        ("**/*a*a*a*b/**/*a*c/**/z", "/".join(["a" * 40] * 90)),
        ("*a" * 5_000 + "b", "a" * 255),
    ],
)
def test_no_pattern_takes_long(pattern, path):
    """A pattern from a stranger cannot keep a listing busy, however many asterisks it has."""
    began = time.process_time()
    patterns = PatternList([pattern_of(pattern, "--exclude")])
    above, _, name = path.rpartition("/")
    for _ in range(20):
        assert patterns.last_match(path, is_folder=False) is None
        assert patterns.last_matches(f"{above}/" if above else "", [name]) == {}
    assert time.process_time() - began < 5


def test_composed_and_decomposed_names_are_one(tmp_path):
    """A pattern typed on one system matches a name that came from a Mac, which takes letters and accents apart."""
    composed = "Übersicht.jpg"
    make_tree(tmp_path, {unicodedata.normalize("NFD", composed): JPEG, "sub/a.jpg": JPEG})
    assert listed(tmp_path, exclude=[composed]) == {"sub/a.jpg"}
    assert listed(tmp_path, exclude=[unicodedata.normalize("NFD", composed)]) == {"sub/a.jpg"}


@given(
    st.lists(
        st.sampled_from(["IMG_1.jpg", "IMG_1_edit.jpg", "é.jpg", "e\u0301.jpg", "a\nb.jpg", "x", "edit"]), unique=True
    ),
    st.lists(
        st.sampled_from(["*_edit*", "é*", "IMG_?.jpg", "*", "!x", "a?b.jpg", "ed/", "/s/*.jpg", "s/**"]), min_size=1
    ),
)
def test_the_quick_way_finds_what_the_slow_way_finds(names, lines):
    """Searching all names of a folder at once gives each file the pattern that matches it last."""
    patterns = PatternList([pattern_of(line, "--exclude") for line in lines])
    slowly = {name: patterns.last_match(f"s/{name}", is_folder=False) for name in names}
    assert patterns.last_matches("s/", names) == {name: match for name, match in slowly.items() if match is not None}
