"""Tests that every file that belongs to an image is known as its own again when the image gets another name."""

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imgsort.filing.planning.names import FolderNames, names_beside
from imgsort.images.finding.sidecars import Sidecar, assign_sidecars
from imgsort.sidecar_names.rules import BUILT_IN, SidecarRules
from tests.support.companions import CHAINS, CUT, LONG, PAIRS

UNITS = {**{kind: [image, other] for kind, (image, other) in PAIRS.items()}, **{k: [*v] for k, v in CHAINS.items()}}
NEW_NAMES = ["x (2).jpg", "IMG_7.JPG", "holiday.png", "y(3).jpg", "a.b.c.webp", "\u00e9t\u00e9", "z" * 180 + ".jpg"]


def owned(names, rules=BUILT_IN):
    """Return the sidecars of the first of `names`, which is the image."""
    image, *others = names
    return {
        file.name for file in assign_sidecars([image], [Sidecar(name, 1, 2) for name in others], rules).get(image, ())
    }


@pytest.mark.parametrize("new", NEW_NAMES)
@pytest.mark.parametrize("kind", UNITS)
def test_a_sidecar_of_any_kind_is_known_after_its_image_was_renamed(kind, new):
    """A new name that a person chose, or another one after that, does not part an image from what belongs to it."""
    image, *others = UNITS[kind]
    assert owned([image, *others]) == {*others}
    for name in (new, "second.jpg", image):
        others = names_beside(image, name, others)
        image = name
        assert owned([image, *others]) == {*others}


@pytest.mark.parametrize("kind", UNITS)
def test_a_sidecar_of_any_kind_is_known_after_its_image_got_numbers(kind):
    """A number that imgsort gives, and a second one after that, part nothing; without one, every name stays."""
    names = UNITS[kind]
    assert FolderNames([]).take(names, "here") == names
    for taken in (1, 2):
        numbered = FolderNames([names[0]]).take(names, "here")
        assert numbered[0] != names[0]
        assert owned(numbered) == {*numbered[1:]}, taken
        names = numbered


def of_one_image(image):
    return [name for other, *names in UNITS.values() if other == image for name in names]


@pytest.mark.parametrize("image", sorted({names[0] for names in UNITS.values()}))
def test_all_that_belongs_to_an_image_gets_names_of_its_own(image):
    """Names that were different stay different, even where two spellings of one thing become one."""
    others = sorted({name.casefold(): name for name in of_one_image(image)}.values())
    others = sorted(owned([image, *others]))
    for new in NEW_NAMES:
        renamed = names_beside(image, new, others)
        assert len({name.casefold() for name in renamed}) == len(others)
        assert owned([new, *renamed]) == {*renamed}


@given(
    st.lists(st.sampled_from(sorted(UNITS)), min_size=1, max_size=6),
    st.lists(st.sampled_from(sorted(UNITS)), max_size=6),
)
def test_units_that_meet_in_one_folder_keep_what_is_theirs(kinds, on_disk):
    """However units meet in a folder, from other folders or earlier, each keeps its own sidecars."""
    folder = FolderNames([])
    units = []
    for number, kind in enumerate([*on_disk, *kinds]):
        if number == len(on_disk):
            folder = FolderNames([name for unit in units for name in unit])
        units.append(folder.take(UNITS[kind], f"folder {number}"))
    assert assigned(units) == {unit[0]: {*unit[1:]} for unit in units}


@given(st.lists(st.tuples(st.sampled_from(sorted(UNITS)), st.booleans()), min_size=2, max_size=6))
def test_an_image_alone_takes_nothing_over(kinds):
    """An image that comes without sidecars does not become the image of those that are there, nor the reverse."""
    folder = FolderNames([])
    units = [
        folder.take(UNITS[kind][:1] if is_alone else UNITS[kind], f"folder {number}")
        for number, (kind, is_alone) in enumerate(kinds)
    ]
    assert assigned(units) == {unit[0]: {*unit[1:]} for unit in units if len(unit) > 1}


def assigned(units):
    images = [unit[0] for unit in units]
    others = [Sidecar(name, 1, 2) for unit in units for name in unit[1:]]
    return {image: {file.name for file in files} for image, files in assign_sidecars(images, others).items()}


def test_a_cut_name_is_not_put_beside_another_image_that_begins_like_it():
    """The JSON file gets the whole name of its image if another image of the folder could have the cut name."""
    other = f"{CUT}.png"
    planned = FolderNames([])
    planned.take([other], "phone")
    for folder in (FolderNames([other]), planned):
        unit = folder.take([LONG, f"{CUT}.json"], "trip")
        assert unit == [LONG.replace(".jpg", " (2).jpg"), LONG.replace(".jpg", " (2).jpg.json")]
        assert assigned([[other], unit]) == {unit[0]: {unit[1]}}
    assert FolderNames(["y.jpg"]).take([LONG, f"{CUT}.json"], "trip") == [LONG, f"{CUT}.json"]


@pytest.mark.parametrize(
    ("pattern", "other", "renamed"),
    [
        ("{stem}_mask.png", "x_mask.png", "y_mask.png"),
        ("{name}.notes.md", "X.JPG.notes.md", "y.webp.notes.md"),
        ("depth of {stem}.tif", "depth of x.tif", "depth of y.tif"),
        ("{stem}", "x", "y"),
    ],
)
def test_a_users_own_sidecar_gets_the_name_that_its_pattern_says(pattern, other, renamed):
    """The parts of the name that the pattern spells stay; the image's part of the name changes."""
    rules = SidecarRules.of([pattern])
    assert names_beside("x.jpg", "y.webp", [other], rules) == [renamed]
    assert owned(["y.webp", renamed], rules) == {renamed}
    numbered = FolderNames(["x.jpg"], rules).take(["x.jpg", other], "here")
    assert owned(numbered, rules) == {*numbered[1:]}


@pytest.mark.parametrize("kind", UNITS)
def test_a_long_name_is_cut_for_what_belongs_to_it(kind):
    """If an image's name is as long as it may be, its sidecars' names fit into 255 bytes too."""
    image, *others = UNITS[kind]
    stem = "l" * (255 - max(len(os.fsencode(name)) for name in [image, *others]) + 1)
    names = [f"{stem}.jpg", *names_beside(image, f"{stem}.jpg", others)]
    numbered = FolderNames([names[0]]).take(names, "here")
    assert max(len(os.fsencode(name)) for name in numbered) <= 255
    assert owned(numbered) == {*numbered[1:]}
