"""Tests which sidecars go with which image, by names alone."""

import pytest

from imgsort.images.finding.sidecars import RAW_SUFFIXES, Sidecar, assign_sidecars, is_raw, may_be_sidecar


def owned(images: str | list[str], others: str | list[str]) -> dict[str, list[str]]:
    """Return the names of each image's sidecars.

    If `images` or `others` is a str, it is split at spaces.
    """
    images, others = (names.split() if isinstance(names, str) else names for names in (images, others))
    found = assign_sidecars(images, [Sidecar(name, 1, 2) for name in others])
    return {image: [sidecar.path for sidecar in sidecars] for image, sidecars in found.items()}


@pytest.mark.parametrize(
    "name", "x.xmp x.jpg.xmp x.aae x.jpg.aae x.json x.jpg.json x.txt x.jpg.txt x.mov x.MOV x.XMP X.jpg.Json".split()
)
def test_what_goes_with_an_image(name):
    """Notes and the video of a Live Photo go with the image, in upper and lower case.

    The name of a note begins with the image's stem or with its whole name.
    """
    assert owned("x.jpg", [name]) == {"x.jpg": [name]}


@pytest.mark.parametrize("suffix", sorted(RAW_SUFFIXES))
def test_a_raw_file_of_the_stem_goes_with_an_image(suffix):
    """The RAW file and the JPEG of one shot are one unit, together with the sidecar of the RAW file."""
    names = sorted([f"x{suffix}", f"x{suffix.upper()}.xmp"])
    assert owned("x.jpg", names) == {"x.jpg": names}


@pytest.mark.parametrize(
    "name", "y.xmp x.jpg.mov x.jpg.nef x.pdf x.avi x.xmp.bak xx.xmp x.1.xmp x x.jpg.xmp.xmp".split()
)
def test_what_does_not(name):
    """A file with another stem or another suffix does not go with an image.

    A RAW file or a video does not go with it by the image's whole name either.
    """
    assert owned("x.jpg", [name]) == {}


def test_a_whole_name_goes_before_a_stem():
    """`x.jpg.xmp` goes with `x.jpg`, and `x.png.xmp` goes with `x.png`.

    The first image by name gets the files that have only the stem.
    """
    others = "x.aae x.jpg.xmp x.mov x.nef x.nef.xmp x.png.xmp x.xmp"
    assert owned("x.png x.jpg", others) == {
        "x.jpg": "x.aae x.jpg.xmp x.mov x.nef x.nef.xmp x.xmp".split(),
        "x.png": ["x.png.xmp"],
    }


def test_a_raw_files_own_note_goes_where_the_raw_file_goes():
    """`x.nef.xmp` belongs to the RAW file, even beside an image `x.nef.jpg`.

    Without the RAW file, it belongs to that image.
    """
    assert owned("x.jpg x.nef.jpg", "x.nef x.nef.xmp") == {"x.jpg": ["x.nef", "x.nef.xmp"]}
    assert owned("x.jpg x.nef.jpg", "x.nef.xmp") == {"x.nef.jpg": ["x.nef.xmp"]}
    assert owned("y.jpg", "x.nef x.nef.xmp") == {}


def test_names_compare_without_case_and_composed():
    """Capital letters and decomposed letters do not separate a sidecar from its image."""
    assert owned("IMG.JPG", "img.jpg.json img.xmp iMG.MOV") == {"IMG.JPG": ["iMG.MOV", "img.jpg.json", "img.xmp"]}
    assert owned(["\u00e9.jpg"], ["e\u0301.xmp"]) == {"\u00e9.jpg": ["e\u0301.xmp"]}
    assert owned(["Stra\u00dfe.jpg"], ["STRASSE.xmp"]) == {"Stra\u00dfe.jpg": ["STRASSE.xmp"]}


def test_the_same_spelling_goes_before_the_first_name():
    """If names differ only in case, each sidecar goes with the image that is spelled the same."""
    assert owned("A.JPG a.jpg", "A.xmp a.xmp") == {"A.JPG": ["A.xmp"], "a.jpg": ["a.xmp"]}
    assert owned("A.png a.jpg", "a.mov") == {"a.jpg": ["a.mov"]}


def test_two_sidecars_that_one_file_system_could_not_hold():
    """Of `a.xmp` and `A.xmp`, the one that is spelled like the image goes with it.

    The other one is left alone.
    """
    assert owned("a.jpg", "A.xmp a.xmp") == {"a.jpg": ["a.xmp"]}
    assert owned("A.jpg", "A.xmp a.xmp") == {"A.jpg": ["A.xmp"]}


@pytest.mark.parametrize(
    "stem", ["with space", "-dash", "new\nline'\"", "bad\udcff", "😀", "x" * 251, "2024.05.01 at 10"]
)
def test_strange_names(stem):
    """Any name that a file can have is matched unchanged."""
    assert owned([f"{stem}.jpg"], [f"{stem}.xmp"]) == {f"{stem}.jpg": [f"{stem}.xmp"]}


def test_an_image_without_a_suffix():
    """An image without a suffix gets the sidecars that have its name."""
    assert owned("photo", "photo.xmp photo.mov") == {"photo": ["photo.mov", "photo.xmp"]}


def test_paths_in_a_folder():
    """Images and sidecars may be paths in one folder; only the last parts are compared."""
    assert owned("a/b/x.jpg", "a/b/x.xmp") == {"a/b/x.jpg": ["a/b/x.xmp"]}


def test_every_sidecar_has_one_image_whatever_the_order():
    """Each sidecar goes with one image, in whatever order a folder lists its files."""
    images, others = (
        "x.jpg x.png X.tif x.nef.jpg".split(),
        "x.xmp X.xmp x.jpg.xmp x.nef x.nef.xmp x.mov x.tif.txt".split(),
    )
    found = owned(images, others)
    assert sorted(name for names in found.values() for name in names) == sorted(others)
    assert owned(images[::-1], others[::-1]) == found


def test_what_may_be_a_sidecar_at_all():
    """The end of a name tells whether a file may be a sidecar, without any image."""
    assert [name for name in "a.nef a.DNG a.xmp a.jpg a.mov a".split() if may_be_sidecar(name)] == [
        "a.nef", "a.DNG", "a.xmp", "a.mov"
    ]  # fmt: skip
    assert [name for name in "a.nef a.DNG a.xmp".split() if is_raw(name)] == ["a.nef", "a.DNG"]
