"""Images among names are the images of a folder with the same names."""

import pytest

from imgsort.images.finding.among import images_among
from imgsort.images.finding.find import find_images
from imgsort.images.finding.leaving_out.rules import Rules
from imgsort.images.finding.sidecars import Sidecar
from imgsort.sidecar_names.rules import SidecarRules
from tests.support.trees import make_tree

NAMES = [
    "a.jpg",
    "a.xmp",
    "a.jpg.xmp",
    "b.HEIC",
    "b.mov",
    "c.nef",
    "c.nef.xmp",
    "d.jpg",
    "d.nef",
    "d_mask.png",
    "notes.txt",
    "e.jxr",
    ".hidden.jpg",
    "sub/f.png",
    "sub/.nomedia",
    "deep/er/g.jpg",
    "deep/er/G.xmp",
    ".thumbnails/h.jpg",
    "node_modules/i.jpg",
    "@eaDir/j.jpg",
    "Outlayers/k.jpg",
]


@pytest.mark.parametrize("rules", [Rules(), Rules(exclude=("deep/", "a.*")), Rules(include=("sub/", "@eaDir/")), None])
@pytest.mark.parametrize("patterns", [(), ("{stem}_mask.png",)])
def test_as_in_a_folder(tmp_path, rules, patterns):
    """The same images, with the same sidecars, are found by their names alone; what is left out is told alike."""
    make_tree(tmp_path, dict.fromkeys(NAMES, b"text"))
    sidecar_rules = SidecarRules.of(patterns)
    options = {"left_out": {"Outlayers"}, "rules": rules, "sidecar_rules": sidecar_rules}
    there = find_images(tmp_path, recursive=True, **options)
    among = images_among([Sidecar(name, 4, 0) for name in NAMES], **options)

    def plain(listing):
        return {file.path: tuple(sidecar.path for sidecar in file.sidecars) for file in listing.files}

    assert plain(among) == plain(there)
    assert list(plain(among)) == list(plain(there))
    assert {row.path for row in among.unreadable} == {row.path for row in there.unreadable}
    assert among.left_out.told() == there.left_out.told()
