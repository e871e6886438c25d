"""Tests that new names are free, short enough, and alike for an image and its sidecars."""

import os

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from imgsort.filing.planning.names import FolderNames, free_name, names_beside, suffix_of
from imgsort.name_key import name_key


@pytest.mark.parametrize(
    ("name", "taken", "expected"),
    [
        ("a.jpg", [], "a.jpg"),
        ("a.jpg", ["a.jpg"], "a (2).jpg"),
        ("a.jpg", ["A.JPG", "a (2).jpg"], "a (3).jpg"),
        ("é.jpg", ["e\u0301.jpg"], "é (2).jpg"),
        ("noend", ["noend"], "noend (2)"),
        (".x", [".x"], ".x (2)"),
        ("ß.jpg", ["SS.jpg"], "ß (2).jpg"),
    ],
)
def test_a_taken_name_gets_a_number_before_its_suffix(name, taken, expected):
    """A taken name gets a number before its suffix.

    Names are compared composed and without case, as the file systems that confuse the most names compare them.
    """
    assert free_name(name, {name_key(other) for other in taken}) == expected


@given(st.text(st.characters(exclude_characters="/\0"), min_size=1, max_size=255), st.integers(1, 12))
def test_a_free_name_is_free_and_fits(name, count):
    """A free name is new and has at most 255 bytes, however long the name is and however many are taken."""
    name = (
        os.fsdecode(
            os.fsencode(name.encode("utf-8", "surrogatepass").decode("utf-8", "replace"))[:255].decode(
                "utf-8", "ignore"
            )
        )
        or "x"
    )
    taken = set()
    for _ in range(count):
        free = free_name(name, taken)
        assert name_key(free) not in taken
        assert len(os.fsencode(free)) <= 255
        taken.add(name_key(free))


@pytest.mark.parametrize(
    ("names", "taken", "expected"),
    [
        ("x.jpg x.xmp x.jpg.xmp x.MOV", "y.jpg", "x.jpg x.xmp x.jpg.xmp x.MOV"),
        ("x.jpg x.xmp x.jpg.xmp x.MOV", "x.jpg", "x_(2).jpg x_(2).xmp x_(2).jpg.xmp x_(2).MOV"),
        ("x.jpg x.xmp", "X.XMP", "x_(2).jpg x_(2).xmp"),
        ("x.jpg x.xmp", "x.jpg x_(2).xmp", "x_(3).jpg x_(3).xmp"),
        ("IMG.JPG img.xmp", "img.jpg", "IMG_(2).JPG IMG_(2).xmp"),
        ("\u00e9.jpg e\u0301.jpg.xmp", "\u00e9.jpg", "\u00e9_(2).jpg \u00e9_(2).jpg.xmp"),
        ("e\u0301.jpg \u00e9.xmp", "\u00e9.xmp", "e\u0301_(2).jpg e\u0301_(2).xmp"),
        ("Stra\u00dfe.jpg STRASSE.xmp", "strasse.jpg", "Stra\u00dfe_(2).jpg Stra\u00dfe_(2).xmp"),
        ("a.b.jpg a.b.xmp a.b.nef.xmp", "a.b.jpg", "a.b_(2).jpg a.b_(2).xmp a.b_(2).nef.xmp"),
        ("bad\udcff.jpg bad\udcff.xmp", "bad\udcff.jpg", "bad\udcff_(2).jpg bad\udcff_(2).xmp"),
        ("n\nl.jpg n\nl.txt", "n\nl.txt", "n\nl_(2).jpg n\nl_(2).txt"),
        ("x.jpg x.XMP x.xmp", "y.jpg", "x_(2).jpg x_(2).XMP x_(2).xmp_(2)"),
        ("photo photo.xmp", "photo", "photo_(2) photo_(2).xmp"),
    ],
)
def test_a_unit_gets_one_number(names, taken, expected):
    """If one name of a unit is taken, all names of the unit get the same number.

    The number follows the image's stem, and every name begins with this stem.
    """
    names, taken, expected = ([n.replace("_", " ") for n in text.split(" ")] for text in (names, taken, expected))
    assert FolderNames(taken).take(names, "there") == expected


@pytest.mark.parametrize("stem", ["x" * 251, "\u00e9" * 125, "e\u0301" * 83 + "x", "\U0001f600" * 62])
def test_a_long_stem_is_cut_for_the_longest_name_of_the_unit(stem):
    """All names of a unit have one stem, and the longest name has at most 255 bytes."""
    names = [f"{stem}.jpg", f"{stem}.xmp"]
    chosen = FolderNames(names).take([*names, f"{stem[:-9]}.txt"], "there")
    assert len({os.path.splitext(name)[0] for name in chosen[:2]}) == 1
    assert chosen[0].endswith(" (2).jpg")
    whole = FolderNames(["x" * 247 + ".jpg"]).take(["x" * 247 + ".jpg", "x" * 247 + ".jpg.xmp"], "there")
    assert [len(name) for name in whole] == [251, 255]
    assert max(len(os.fsencode(name)) for name in chosen) <= 255


@example(names=["A.A2A.2\u00dfsas)", "\u0301\u00e9"], on_disk=["A", ")A", "a", "aa "])
@example(names=["2s.long enough to be no suffix of a file", "a.jpg.xmp", "s()(", "b"], on_disk=["a .(", "s)"])
@given(
    st.lists(st.text("aA.\u00e9\u0301\u00df s()2", min_size=1, max_size=240), min_size=1, max_size=5),
    st.lists(st.text("aA.s ()2", min_size=1, max_size=4), max_size=5),
)
def test_whatever_the_names_they_come_out_free_distinct_and_short(names, on_disk):
    """The chosen names are free, distinct and short, whatever the names are.

    This holds even for unrelated names, and for names that a file system confuses.
    """
    names = [os.fsdecode(os.fsencode(name)[:240].decode(errors="ignore").encode()) for name in names]
    folder = FolderNames(on_disk)
    taken = {name_key(name) for name in on_disk}
    for origin in ("here", "there"):
        chosen = folder.take(names, origin)
        keys = {name_key(name) for name in chosen}
        assert len(keys) == len(names)
        assert keys.isdisjoint(taken)
        assert max(len(os.fsencode(name)) for name in chosen) <= 255
        taken |= keys


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["IMG.a text of more than thirty-two bytes"], ["IMG_a text of more than thirty-two bytes (2)"]),
        (
            ["IMG.a text of more than thirty-two bytes", "IMG.xmp"],
            ["IMG_a text of more than thirty-two bytes (2)", "IMG_a text of more than thirty-two bytes (2).xmp"],
        ),
    ],
)
def test_a_name_whose_stem_ends_at_an_early_dot_gets_a_new_stem(names, expected):
    """If another unit has the stem before the dot, no number at the end of the name helps: the dot goes too."""
    folder = FolderNames([])
    first = ["IMG.a text of more than thirty-two bytes", "IMG.xmp"]
    assert folder.take(first, "here") == first
    assert folder.take(names, "there") == expected


def test_a_long_name_without_a_suffix_gets_its_number_at_the_end():
    """Single images with equal long names get a number each at the end: no sidecars depend on their stem."""
    folder, name = FolderNames([]), "IMG. a holiday at the lake with the children"
    chosen = [folder.take([name], origin) for origin in ("one", "two", "three")]
    assert chosen == [[name], [f"{name} (2)"], [f"{name} (3)"]]


@pytest.mark.parametrize(
    ("name", "suffix"), [("a.jpg", ".jpg"), ("a", ""), (".a", ""), ("a.", "."), ("a. and much more than 32 bytes", "")]
)
def test_a_long_ending_is_no_suffix(name, suffix):
    """What is longer than 32 bytes after the last dot is a part of the name."""
    assert suffix_of(name.replace("much", "much " * 5)) == suffix


def test_files_of_two_folders_do_not_become_a_unit_by_chance():
    """An image does not get the stem of a unit with sidecars from another folder.

    A unit with sidecars does not get the stem of an image from another folder either.
    """
    folder = FolderNames([])
    assert folder.take(["x.jpg", "x.aae"], "trip") == ["x.jpg", "x.aae"]
    assert folder.take(["x.heic"], "phone") == ["x (2).heic"]
    assert folder.take(["x.png"], "trip") == ["x.png"]
    assert folder.take(["y.heic"], "phone") == ["y.heic"]
    assert folder.take(["y.jpg", "y.jpg.json"], "trip") == ["y (2).jpg", "y (2).jpg.json"]
    assert folder.take(["z.jpg"], "trip") == ["z.jpg"]
    assert folder.take(["z.png"], "phone") == ["z.png"]
    assert folder.take(["z.tif", "z.xmp"], "trip") == ["z (2).tif", "z (2).xmp"]


def test_a_unit_on_disk_keeps_its_stem_for_itself():
    """An image that comes later does not get the stem of an image whose sidecars are already there."""
    folder = FolderNames(["x.jpg", "x.jpg.aae", "y.jpg"])
    assert folder.take(["x.heic"], "") == ["x (2).heic"]
    assert folder.take(["y.heic"], "") == ["y.heic"]
    assert folder.take(["y.png", "y.xmp"], "") == ["y (2).png", "y (2).xmp"]


def test_what_continues_a_whole_name_is_not_put_beside_it():
    """`x.jpg.xmp` of an image `x.jpg.png` is not put beside an `x.jpg`, which would take it over."""
    folder = FolderNames([])
    assert folder.take(["x.jpg"], "phone") == ["x.jpg"]
    assert folder.take(["x.jpg.png", "x.jpg.xmp"], "trip") == ["x.jpg (2).png", "x.jpg (2).xmp"]
    assert folder.take(["y.jpg.png", "y.jpg.xmp"], "trip") == ["y.jpg.png", "y.jpg.xmp"]
    assert folder.take(["y.jpg"], "phone") == ["y (2).jpg"]
    assert folder.take(["z.avif", "z.nef"], "phone") == ["z.avif", "z.nef"]
    assert folder.take(["z.nef.png", "z.nef.xmp"], "trip") == ["z.nef (2).png", "z.nef (2).xmp"]


def test_a_numbered_stem_is_nobodys_of_the_same_folder():
    """If `x.avif` becomes `x (2).avif`, an `x (2).apng` from the same folder gets another stem.

    Otherwise it would come first by name, and would take over the sidecars.
    """
    folder = FolderNames(["x.avif", "y.avif"])
    assert folder.take(["x.avif", "x.xmp"], "trip") == ["x (2).avif", "x (2).xmp"]
    assert folder.take(["x (2).apng"], "trip") == ["x (2) (2).apng"]
    assert folder.take(["y (2).apng"], "trip") == ["y (2).apng"]
    assert folder.take(["y.avif", "y.xmp"], "trip") == ["y (3).avif", "y (3).xmp"]


def test_names_that_share_their_beginning_are_no_unit():
    """Photos from the same minute, `10.15.22.jpg` and `10.15.30.jpg`, keep their names in one folder."""
    folder = FolderNames(["10.15.22.jpg"])
    assert folder.take(["10.15.30.jpg", "10.15.30.mov"], "trip") == ["10.15.30.jpg", "10.15.30.mov"]
    assert folder.take(["10.15.41.jpg", "10.15.41.mov"], "phone") == ["10.15.41.jpg", "10.15.41.mov"]
    assert folder.take(["10.15.55.jpg"], "phone") == ["10.15.55.jpg"]


@pytest.mark.parametrize(
    ("old", "new", "followers", "expected"),
    [
        ("x.jpg", "y.jpg", "x.xmp x.jpg.xmp x.nef x.nef.xmp", "y.xmp y.jpg.xmp y.nef y.nef.xmp"),
        ("x.jpg", "x.jpg", "x.xmp x.jpg.json", "x.xmp x.jpg.json"),
        ("IMG.JPG", "rome.jpg", "img.xmp IMG.MOV", "rome.xmp rome.MOV"),
        ("Straße.jpg", "s.jpg", "STRASSE.xmp strasse.jpg.txt", "s.xmp s.jpg.txt"),
        ("e\u0301.jpg", "f.jpg", "\u00e9.xmp", "f.xmp"),
        ("a.b.jpg", "c.d.e.jpg", "a.b.xmp a.b.nef.xmp", "c.d.e.xmp c.d.e.nef.xmp"),
        ("bad\udcff.jpg", "\udcfe.jpg", "bad\udcff.xmp", "\udcfe.xmp"),
        ("photo", "y", "photo.xmp", "y.xmp"),
        ("x.jpg", "y", "x.xmp", "y.xmp"),
        ("x.jpg", ".y", "x.xmp", ".y.xmp"),
        ("x.jpg", "y.jpg", "", ""),
    ],
)
def test_followers_take_a_new_stem(old, new, followers, expected):
    """A follower gets the image's new stem, and keeps the part of its name after the stem."""
    assert names_beside(old, new, followers.split()) == expected.split()


@given(
    st.text("aé.ß", max_size=6).map(lambda text: f"a{text}"),
    st.text("bc.( )", min_size=1, max_size=6).map(lambda text: f"{text}b"),
    st.lists(st.sampled_from([".xmp", ".jpg.json", ".nef", ".nef.xmp", ".mov"]), unique=True),
)
def test_a_new_stem_and_back(old, new, rests):
    """A unit that gets its old stem back has its old names again."""
    followers = [f"{old}{rest}" for rest in rests]
    renamed = names_beside(f"{old}.jpg", f"{new}.jpg", followers)
    assert renamed == [f"{new}{rest}" for rest in rests]
    assert names_beside(f"{new}.jpg", f"{old}.jpg", renamed) == followers


def test_a_dot_in_a_long_name_begins_no_suffix():
    """An image `St. Peter's and what is around it at night` keeps its name, and so does its sidecar."""
    name = "St. Peter's and what is around it at night"
    assert names_beside(name, name, [f"{name}.xmp"]) == [f"{name}.xmp"]
