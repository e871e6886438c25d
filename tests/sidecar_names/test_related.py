"""Tests which names have to do with the sidecars of a few images."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imgsort.sidecar_names.owners import find_owners, images_that_are_sidecars
from imgsort.sidecar_names.related import related_names
from imgsort.sidecar_names.rules import SidecarRules

RULES = SidecarRules.of(["{stem}_mask.png", "mask {name}"])
LONG = "a very long name of a photograph from the holidays of 2024"
STEMS = st.sampled_from(
    ["x", "X", "y", "x(1)", "x-edited", "x-edited(1)", "IMG_1", "IMG_E1", "IMG_O1", "x_mask", "x_01", "é", LONG]
)
ENDS = st.sampled_from(
    " .jpg .JPG .png .nef .nef.xmp .xmp .jpg.xmp .jpg.2.xmp .aae .mov .json .thm .jpg.json "
    ".jpg.supplemental-metadata.json .jpg.suppl.json _mask.png .jpg(1).json .part".split(" ")
)
NAMES = st.builds(lambda before, stem, end: before + stem + end, st.sampled_from(["", "", "mask "]), STEMS, ENDS)


def is_image(name):
    return name.lower().endswith((".jpg", ".png"))


def owners_of(names, rules):
    """Return {sidecar: image} as a listing finds it."""
    images = {name for name in names if is_image(name)}
    images -= images_that_are_sidecars(images, rules)
    found = find_owners(images, set(names) - images, rules)
    return images, {sidecar: (match.image, match.form) for sidecar, match in found.items()}


@given(st.sets(NAMES.filter(bool), min_size=1), st.data())
def test_the_related_names_decide_all(names, data):
    """For the images in question, the related names give the same images and the same sidecars as all names."""
    to = data.draw(st.sets(st.sampled_from(sorted(names))))
    related = related_names(names, to, RULES)
    assert to <= related <= names
    images, owners = owners_of(names, RULES)
    some_images, some_owners = owners_of(related, RULES)
    assert some_images & to == images & to
    assert {s: m for s, m in some_owners.items() if m[0] in to} == {s: m for s, m in owners.items() if m[0] in to}


@pytest.mark.parametrize(
    ("to", "related"),
    [
        ("x.jpg", "x.jpg x.png x.xmp x.nef x.nef.xmp"),
        ("y.jpg", "y.jpg"),
        ("gone.jpg", ""),
    ],
)
def test_an_unrelated_name_is_left_out(to, related):
    """Images without a sidecar in common, and files that are no sidecars, do not count."""
    names = "x.jpg x.png x.xmp x.nef x.nef.xmp xx.jpg xx.xmp y.jpg z.jpg z.xmp y.part y1.xmp".split()
    assert related_names(names, {to}, SidecarRules()) == set(related.split())
