"""Which file goes with which image, by names alone."""

import pytest

from imgsort.images.finding.sidecars import RAW_SUFFIXES, Sidecar, assign_sidecars, is_raw, may_be_sidecar


def owned(images: str | list[str], others: str | list[str]) -> dict[str, list[str]]:
    """Return the names of each image's sidecars; names in a str are split at spaces."""
    images, others = (names.split() if isinstance(names, str) else names for names in (images, others))
    found = assign_sidecars(images, [Sidecar(name, 1, 2) for name in others])
    return {image: [sidecar.path for sidecar in sidecars] for image, sidecars in found.items()}


@pytest.mark.parametrize(
    "name", "x.xmp x.jpg.xmp x.aae x.jpg.aae x.json x.jpg.json x.txt x.jpg.txt x.mov x.MOV x.XMP X.jpg.Json".split()
)
def test_what_goes_with_an_image(name):
    """Notes after the stem or the whole name, and the moving half of a Live Photo, whatever the case."""
    assert owned("x.jpg", [name]) == {"x.jpg": [name]}


@pytest.mark.parametrize("suffix", sorted(RAW_SUFFIXES))
def test_a_raw_file_of_the_stem_goes_with_an_image(suffix):
    """RAW and JPEG of one shot are one unit, and what belongs to the RAW file goes along."""
    names = sorted([f"x{suffix}", f"x{suffix.upper()}.xmp"])
    assert owned("x.jpg", names) == {"x.jpg": names}


@pytest.mark.parametrize(
    "name", "y.xmp x.jpg.mov x.jpg.nef x.pdf x.mp4 x.xmp.bak xx.xmp x.1.xmp x x.jpg.xmp.xmp".split()
)
def test_what_does_not(name):
    """Another stem, another suffix, or a RAW file and a film after a whole name."""
    assert owned("x.jpg", [name]) == {}


def test_a_whole_name_goes_before_a_stem():
    """`x.jpg.xmp` goes with `x.jpg` and `x.png.xmp` with `x.png`; the first by name gets what has the stem alone."""
    others = "x.aae x.jpg.xmp x.mov x.nef x.nef.xmp x.png.xmp x.xmp"
    assert owned("x.png x.jpg", others) == {
        "x.jpg": "x.aae x.jpg.xmp x.mov x.nef x.nef.xmp x.xmp".split(),
        "x.png": ["x.png.xmp"],
    }


def test_a_raw_files_own_note_goes_where_the_raw_file_goes():
    """`x.nef.xmp` is the RAW file's, also beside an image `x.nef.jpg`; without the RAW file it is that image's."""
    assert owned("x.jpg x.nef.jpg", "x.nef x.nef.xmp") == {"x.jpg": ["x.nef", "x.nef.xmp"]}
    assert owned("x.jpg x.nef.jpg", "x.nef.xmp") == {"x.nef.jpg": ["x.nef.xmp"]}
    assert owned("y.jpg", "x.nef x.nef.xmp") == {}


def test_names_compare_without_case_and_composed():
    """A camera's capitals and another system's decomposed letters keep nothing apart."""
    assert owned("IMG.JPG", "img.jpg.json img.xmp iMG.MOV") == {"IMG.JPG": ["iMG.MOV", "img.jpg.json", "img.xmp"]}
    assert owned(["\u00e9.jpg"], ["e\u0301.xmp"]) == {"\u00e9.jpg": ["e\u0301.xmp"]}
    assert owned(["Stra\u00dfe.jpg"], ["STRASSE.xmp"]) == {"Stra\u00dfe.jpg": ["STRASSE.xmp"]}


def test_the_same_spelling_goes_before_the_first_name():
    """Where names differ in case only, each sidecar goes with the image that is spelled as it is."""
    assert owned("A.JPG a.jpg", "A.xmp a.xmp") == {"A.JPG": ["A.xmp"], "a.jpg": ["a.xmp"]}
    assert owned("A.png a.jpg", "a.mov") == {"a.jpg": ["a.mov"]}


def test_two_sidecars_that_one_file_system_could_not_hold():
    """Of `a.xmp` and `A.xmp` for one image, the one spelled as the image goes and the other is left alone."""
    assert owned("a.jpg", "A.xmp a.xmp") == {"a.jpg": ["a.xmp"]}
    assert owned("A.jpg", "A.xmp a.xmp") == {"A.jpg": ["A.xmp"]}


@pytest.mark.parametrize(
    "stem", ["with space", "-dash", "new\nline'\"", "bad\udcff", "😀", "x" * 251, "2024.05.01 at 10"]
)
def test_strange_names(stem):
    """Any name that a file can have is matched as it is."""
    assert owned([f"{stem}.jpg"], [f"{stem}.xmp"]) == {f"{stem}.jpg": [f"{stem}.xmp"]}


def test_an_image_without_a_suffix():
    """An image known by its content alone has what has its name."""
    assert owned("photo", "photo.xmp photo.mov") == {"photo": ["photo.mov", "photo.xmp"]}


def test_paths_in_a_folder():
    """Images and sidecars are paths of one folder; only their last parts count."""
    assert owned("a/b/x.jpg", "a/b/x.xmp") == {"a/b/x.jpg": ["a/b/x.xmp"]}


def test_every_sidecar_has_one_image_whatever_the_order():
    """No sidecar goes two ways, and the order in which a folder lists its files does not matter."""
    images, others = (
        "x.jpg x.png X.tif x.nef.jpg".split(),
        "x.xmp X.xmp x.jpg.xmp x.nef x.nef.xmp x.mov x.tif.txt".split(),
    )
    found = owned(images, others)
    assert sorted(name for names in found.values() for name in names) == sorted(others)
    assert owned(images[::-1], others[::-1]) == found


def test_what_may_be_a_sidecar_at_all():
    """A name's end says it, without an image at hand."""
    assert [name for name in "a.nef a.DNG a.xmp a.jpg a.mov a".split() if may_be_sidecar(name)] == [
        "a.nef", "a.DNG", "a.xmp", "a.mov"
    ]  # fmt: skip
    assert [name for name in "a.nef a.DNG a.xmp".split() if is_raw(name)] == ["a.nef", "a.DNG"]
