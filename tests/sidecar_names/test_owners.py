"""Tests which image each kind of sidecar belongs to, where several images could have it."""

import time

import pytest

from imgsort.sidecar_names.owners import find_owners, images_that_are_sidecars
from imgsort.sidecar_names.rules import BUILT_IN, SidecarRules
from tests.support.companions import CUT, LONG


def owner(images, other, rules=BUILT_IN):
    images = images.split() if isinstance(images, str) else images
    found = find_owners(images, [other], rules)
    return found[other].image if other in found else None


@pytest.mark.parametrize(
    ("images", "other", "expected"),
    [
        ("x.jpg x-edited.jpg", "x.jpg.supplemental-metadata.json", "x.jpg"),
        ("x.jpg x-edited.jpg", "x-edited.jpg.json", "x-edited.jpg"),
        ("x.jpg x(1).jpg", "x.jpg.json", "x.jpg"),
        ("x.jpg x(1).jpg", "x.jpg(1).json", "x(1).jpg"),
        ("x.jpg x(1).jpg", "x.jpg.supplemental-metadata(1).json", "x(1).jpg"),
        ("x.jpg x(1).jpg", "x(1).jpg.supplemental-metadata.json", "x(1).jpg"),
        ("x.jpg", "x.jpg(1).json", None),
        ("x.jpg", "x.jpg.supplemental-metadata(1).json", None),
        ("x(1).jpg", "x.jpg.supplemental-metadata.json", None),
        ("x-edited(1).jpg x-edited.jpg", "x.jpg(1).json", "x-edited(1).jpg"),
        ("x-Edited.jpg", "x.jpg.json", "x-Edited.jpg"),
        ("x-unknown.jpg", "x.jpg.json", None),
        ("x.jpg", "x.jpg.supplementary.json", None),
        ("x.jpg", "x.s.json", None),
        ("IMG_1.JPG IMG_E1.JPG", "IMG_1.AAE", "IMG_1.JPG"),
        ("IMG_1.JPG IMG_E1.JPG", "IMG_O1.AAE", "IMG_1.JPG"),
        ("IMG_1.JPG IMG_E1.JPG", "IMG_E1.AAE", "IMG_E1.JPG"),
        ("IMG_1.HEIC IMG_E1.JPG", "IMG_E1.MOV", "IMG_E1.JPG"),
        ("IMG_1.HEIC IMG_E1.JPG", "IMG_1.MOV", "IMG_1.HEIC"),
        ("IMG_2.HEIC IMG_E2.JPG", "IMG_1.AAE", None),
        ("x.jpg x_01.jpg", "x_01.jpg.xmp", "x_01.jpg"),
        ("x.jpg x.png", "x_01.png.xmp", "x.png"),
        ("x.jpg", "x_01.xmp", None),
        ("x.jpg", "x_01.jpg.pp3", None),
        ("PXL_1.jpg PXL_1.MP.jpg", "PXL_1.MP", "PXL_1.MP.jpg"),
        ("x.jpg", "x.jpg.mp4", None),
        ("photo.jpg", "photo", None),
    ],
)
def test_the_likeliest_image_has_a_sidecar(images, other, expected):
    """An exact name goes before a name that is made by a rule, and what fits nothing belongs to nothing."""
    assert owner(images, other) == expected


def test_a_name_that_takeout_cut_is_the_originals():
    """Of an original and its edited picture, whose long names begin alike, the original has the JSON file."""
    edited = LONG.replace(".jpg", "-edited.jpg")
    assert owner([edited, LONG], f"{CUT}.json") == LONG
    assert owner([LONG.replace(".jpg", " (2).jpg"), LONG], f"{CUT}.json") == LONG
    assert owner([edited], f"{CUT}.json") == edited
    assert owner([LONG], f"{CUT[:45]}.json") is None


def test_a_users_own_pattern_goes_before_the_known_rules():
    """What a person says of their files counts more than what imgsort knows of others'."""
    assert owner("x.jpg x_a.jpg", "x_a.xmp") == "x_a.jpg"
    assert owner("x.jpg x_a.jpg", "x_a.xmp", SidecarRules.of(["{stem}_a.xmp"])) == "x.jpg"


@pytest.mark.parametrize(
    ("patterns", "images", "going"),
    [
        (["{stem}_mask.png"], "x.jpg x_mask.png y_mask.png", "x_mask.png"),
        (["{stem}_mask.png"], "x.jpg x_mask.png x_mask_mask.png", "x_mask.png"),
        (["{stem}.jpg"], "x.jpg x.png", "x.jpg"),
        (["{stem}.jpg"], "x.jpg", ""),
        (["{stem}.jpg", "{stem}.png"], "x.jpg x.png", "x.jpg"),
        ([], "x.jpg x_mask.png", ""),
    ],
)
def test_an_image_goes_with_another_only_if_a_person_says_so(patterns, images, going):
    """Masks and the like go with their image; an image without another to go with stays one."""
    rules = SidecarRules.of(patterns)
    assert images_that_are_sidecars(images.split(), rules) == set(going.split())
    assert images_that_are_sidecars(images.split()[::-1], rules) == set(going.split())


def test_a_folder_of_many_files_takes_time_in_proportion():
    """Four times the files take about four times the time, for names that are made to be hard."""

    def seconds(count):
        images = [f"x{'-edited' * 9}({number}).jpg" for number in range(count)]
        others = [f"x{number}{'.s(1)_01' * 20}.json" for number in range(count)]
        others += [f"x{number}{'_01.jpg' * 20}.xmp" for number in range(count)]
        start = time.process_time()
        find_owners(images, others, SidecarRules.of(["{stem}", "{stem}_01.json"]))
        return time.process_time() - start

    seconds(100)
    assert seconds(8000) < 12 * seconds(2000) + 0.1
