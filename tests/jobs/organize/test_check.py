"""Tests `check`: it finds every kind of fault and keeps the best copy, and undo puts every file back."""

import csv
import os
import shutil

import numpy as np
import pytest
from PIL import Image, ImageFilter

import imgsort
from imgsort.errors import CollectionError, StrictError, UsageError
from imgsort.jobs.organize.steps.findings import REASONS
from tests.support.drawings import bars, disc, flag, form, scan, stars
from tests.support.pictures import encode, gradient, png_header
from tests.support.trees import make_tree, names, read_tree


@pytest.fixture
def photo(demo_photos):
    """Return one of the demo's photographs, which is sharp and well exposed."""
    folder, photographs = demo_photos
    name = next(name for name, photograph in sorted(photographs.items()) if photograph == "coffee")
    with Image.open(folder / name) as image:
        return image.convert("RGB").copy()


def darkened(image: Image.Image) -> Image.Image:
    """Return the image three stops darker, in linear light."""
    return Image.fromarray((np.asarray(image) * (1 / 8) ** (1 / 2.2)).astype(np.uint8))


@pytest.fixture
def faulty(photo, tmp_path):
    """Return a folder with a good photograph and one file of every fault."""
    good = encode(photo, "JPEG", quality=92)
    wide = photo.resize((800, 100))
    return (
        make_tree(
            tmp_path / "faulty",
            {
                "good.jpg": good,
                "good (2).jpg": good,
                "smaller.jpg": encode(photo.resize((photo.width // 2, photo.height // 2)), "JPEG", quality=70),
                "empty.jpg": b"",
                "page.jpg": b"<!DOCTYPE html><title>404</title>",
                "liar.png": png_header(60_000, 60_000),
                "cut.jpg": good[: len(good) // 2],
                "tiny.png": encode(photo.transpose(Image.Transpose.ROTATE_90).resize((40, 40)), "PNG"),
                "blank.png": encode(Image.new("RGB", (200, 200), (40, 90, 160)), "PNG"),
                "strip.png": encode(wide.transpose(Image.Transpose.FLIP_TOP_BOTTOM), "PNG"),
                "dark.png": encode(darkened(photo).transpose(Image.Transpose.ROTATE_180), "PNG"),
                "soft.png": encode(
                    photo.transpose(Image.Transpose.FLIP_LEFT_RIGHT).filter(ImageFilter.GaussianBlur(12)), "PNG"
                ),
                "named.png": encode(photo.transpose(Image.Transpose.ROTATE_270), "JPEG", quality=92),
                "notes.txt": b"not an image and not a sidecar",
            },
        )
        or tmp_path / "faulty"
    )


EXPECTED = {
    ("empty.jpg", "unreadable"),
    ("page.jpg", "unreadable"),
    ("liar.png", "unreadable"),
    ("cut.jpg", "truncated"),
    ("tiny.png", "too-small"),
    ("blank.png", "blank"),
    ("strip.png", "odd-aspect"),
    ("dark.png", "too-dark"),
    ("soft.png", "blurred"),
    ("good (2).jpg", "duplicate"),
    ("smaller.jpg", "near-duplicate"),
    ("named.png", "wrong-suffix"),
}


def test_every_fault_is_found_by_its_reason(faulty):
    """Each fault is found with its reason, and the good photograph has none. No file changes."""
    before = read_tree(faulty)
    result = imgsort.check(faulty)
    found = {(finding.path, finding.reason) for finding in result.findings}
    assert found >= EXPECTED
    assert "good.jpg" not in {path for path, _ in found}
    assert read_tree(faulty) == before
    assert not (faulty / ".imgsort").exists()
    assert (result.filing.status, result.filing.moves) == ("checked", ())


def test_what_was_measured_stands_beside_its_threshold(faulty):
    """Measured faults have a value and a threshold. The other faults have a description."""
    by_reason = {finding.reason: finding for finding in imgsort.check(faulty, min_side_px=50).findings}
    assert (by_reason["too-small"].value, by_reason["too-small"].threshold) == (40, 50)
    assert by_reason["blurred"].value < by_reason["blurred"].threshold
    assert by_reason["duplicate"].detail == "same bytes as good.jpg"
    assert by_reason["near-duplicate"].detail == "looks like good.jpg"
    assert by_reason["wrong-suffix"].detail == "it holds jpeg"
    assert "cut short" in by_reason["truncated"].detail


def test_findings_come_by_weight_and_then_by_file(faulty):
    """The findings are in the order of the reasons, and in the order of the files for one reason."""
    findings = imgsort.check(faulty).findings
    keys = [(REASONS.index(finding.reason), os.path.basename(finding.path)) for finding in findings]
    assert keys == sorted(keys)


def test_a_limit_is_an_option(faulty):
    """Another limit gives another result."""
    assert "too-small" not in {f.reason for f in imgsort.check(faulty, min_side_px=10).findings}
    assert "odd-aspect" not in {f.reason for f in imgsort.check(faulty, max_aspect=20.0).findings}


def test_move_files_each_under_its_first_reason_and_undo_brings_all_back(faulty):
    """Every faulty file goes to Rejected/REASON, the good one stays, and undo restores the tree."""
    before = read_tree(faulty)
    result = imgsort.check(faulty, move=True)
    tree = set(names(faulty))
    assert {f"Rejected/{reason}/{path}" for path, reason in EXPECTED} <= tree
    assert "good.jpg" in tree
    assert result.filing.status == "done"
    again = imgsort.check(faulty, move=True)
    assert again.filing.moves == ()  # rejected images are not checked again
    imgsort.undo(faulty)
    assert read_tree(faulty) == before


def test_dry_run_shows_what_move_would_do(faulty):
    """A dry run shows the moves of the real run. It changes nothing and makes no folder."""
    before = read_tree(faulty)
    planned = imgsort.check(faulty, move=True, dry_run=True).filing
    assert planned.status == "planned"
    assert read_tree(faulty) == before
    done = imgsort.check(faulty, move=True).filing
    assert [(m.source, m.target) for m in done.moves] == [(m.source, m.target) for m in planned.moves]


def test_one_reason_alone(faulty):
    """Only the given reason is reported and filed."""
    result = imgsort.check(faulty, move=True, reasons=["duplicate"])
    assert [finding.reason for finding in result.findings] == ["duplicate"]
    assert [move.target for move in result.filing.moves] == ["Rejected/duplicate/good (2).jpg"]


def test_of_copies_the_best_stays(photo, tmp_path):
    """The largest copy without a fault is kept. Of files with the same bytes, the shorter name is kept."""
    blurred = photo.filter(ImageFilter.GaussianBlur(12)).resize((photo.width * 2, photo.height * 2))
    make_tree(
        tmp_path,
        {
            "a-half.jpg": encode(photo.resize((photo.width // 2, photo.height // 2)), "JPEG"),
            "b-whole.jpg": encode(photo, "JPEG", quality=92),
            "b-whole copy.jpg": encode(photo, "JPEG", quality=92),
            "c-large-but-blurred.jpg": encode(blurred, "JPEG"),
        },
    )
    imgsort.check(tmp_path, move=True)
    assert [name for name in names(tmp_path) if "/" not in name] == ["b-whole.jpg"]


def test_a_sidecar_goes_with_its_image_or_stays(faulty):
    """An image moves together with its sidecar. With `sidecars=False` only the image moves."""
    make_tree(faulty, {"soft.xmp": b"<xmp/>"})
    before = read_tree(faulty)
    result = imgsort.check(faulty, move=True, reasons=["blurred"])
    assert {move.target for move in result.filing.moves} == {"Rejected/blurred/soft.png", "Rejected/blurred/soft.xmp"}
    imgsort.undo(faulty)
    assert read_tree(faulty) == before
    imgsort.check(faulty, move=True, reasons=["blurred"], sidecars=False)
    assert {"soft.xmp", "Rejected/blurred/soft.png"} <= set(names(faulty))


def test_copies_go_to_an_output(faulty, tmp_path):
    """If copies go to an output outside, the collection does not change."""
    before = read_tree(faulty)
    imgsort.check(faulty, move=True, reasons=["blank"], mode="copy", output=tmp_path / "out")
    assert "Rejected/blank/blank.png" in names(tmp_path / "out")
    assert read_tree(faulty) == before


def test_a_foreign_thing_named_rejected_is_not_entered(faulty, tmp_path):
    """A link or a file named Rejected is an error, and nothing moves."""
    (tmp_path / "elsewhere").mkdir()
    (faulty / "Rejected").symlink_to(tmp_path / "elsewhere")
    before = sorted(os.listdir(faulty))
    with pytest.raises(UsageError, match="Rejected"):
        imgsort.check(faulty, move=True)
    assert sorted(name for name in os.listdir(faulty) if name != ".imgsort") == before
    assert os.listdir(tmp_path / "elsewhere") == []


def test_the_table_for_a_spreadsheet(faulty, tmp_path):
    """--csv writes every finding to a new file, and overwrites no file."""
    result = imgsort.check(faulty, csv=tmp_path / "findings.csv")
    with open(tmp_path / "findings.csv", encoding="utf-8-sig", newline="") as handle:
        rows = list(csv.DictReader(handle))
    assert [(row["file"], row["reason"]) for row in rows] == [(f.path, f.reason) for f in result.findings]
    with pytest.raises(UsageError, match="this file exists, and imgsort overwrites no file"):
        imgsort.check(faulty, csv=tmp_path / "findings.csv")


def test_truncated_files_can_be_used(faulty):
    """With `truncated="use"`, the part of a file that can be read is judged like any other image."""
    assert "truncated" not in {finding.reason for finding in imgsort.check(faulty, truncated="use").findings}


def test_strict_is_an_error_where_a_file_cannot_be_read(faulty):
    """With `strict`, an unreadable file is an error with exit code 3, and nothing moves."""
    before = read_tree(faulty)
    with pytest.raises(StrictError):
        imgsort.check(faulty, move=True, strict=True)
    assert read_tree(faulty) == before


@pytest.mark.parametrize(
    "options", [{"reasons": ["ugly"]}, {"output": "out"}, {"mode": "copy"}, {"max_pixels": 0}, {"truncated": "maybe"}]
)
def test_options_that_make_no_sense(faulty, options):
    """Each wrong option is an error that says so, before any file is read."""
    with pytest.raises(UsageError):
        imgsort.check(faulty, **options)


def test_an_unknown_keyword_is_a_type_error(faulty):
    """An unknown keyword is a TypeError, as for any Python function."""
    with pytest.raises(TypeError, match="max_beauty"):
        imgsort.check(faulty, max_beauty=1)


def test_a_folder_without_images(tmp_path):
    """A folder without images is an error, as for the other commands."""
    with pytest.raises(CollectionError):
        imgsort.check(tmp_path)


def test_good_photographs_have_no_fault(photos):
    """None of the demo's photographs is damaged, tiny, blank, or of an odd shape."""
    reasons = {finding.reason for finding in imgsort.check(photos).findings}
    assert not reasons & {"unreadable", "truncated", "too-small", "blank", "odd-aspect", "duplicate", "wrong-suffix"}


def test_a_file_that_vanishes_is_a_row(tmp_path, monkeypatch):
    """A file that vanishes between listing and reading is reported, and the check goes on."""
    make_tree(tmp_path, {"a.png": encode(gradient(), "PNG"), "b.png": encode(gradient(30, 50), "PNG")})
    from imgsort.jobs.organize import check as module

    real = module.inspect

    def inspect(root, file, *others):
        if file.path == "a.png":
            os.unlink(root / "a.png")
        return real(root, file, *others)

    monkeypatch.setattr(module, "inspect", inspect)
    result = imgsort.check(tmp_path, move=True, reasons=["unreadable"])
    assert [(f.path, f.reason) for f in result.findings] == [("a.png", "unreadable")]
    assert result.filing.moves == ()


def test_every_awkward_file_has_the_verdict_it_is_due(shared_data, tmp_path):
    """Of real awkward files, cut ones are truncated and bad ones unreadable. No good file is either."""
    folder = tmp_path / "awkward"
    shutil.copytree(shared_data / "awkward" / "files", folder)
    result = imgsort.check(folder, recursive=True)
    by_reason = {reason: {f.path for f in result.findings if f.reason == reason} for reason in REASONS}
    assert by_reason["truncated"] == {
        "trunc.bmp", "trunc.webp", "trunc_10pct.jpg", "trunc_50pct.gif", "trunc_50pct.jpg", "trunc_50pct.png",
        "trunc_last2.jpg",
    }  # fmt: skip
    assert by_reason["unreadable"] == {
        "bomb_20000x20000_1bit.png", "bomb_header_60000x60000.png", "float32.tif", "html_404.jpg",
        "jpeg_header_65500sq.jpg", "png_bad_crc.png", "svg_image.svg", "text_named.jpg", "zero_byte.jpg",
        "zero_byte.png",
    }  # fmt: skip
    assert {"black.jpg", "white.png"} <= by_reason["blank"]
    assert {"one_by_5000.png", "5000_by_one.jpg"} <= by_reason["odd-aspect"]
    assert by_reason["wrong-suffix"] == {"png_named.jpg", "jpg_named.png"}
    assert "one_pixel.png" in by_reason["too-small"]
    assert "sub dir/深い/ünïcode/nested.jpg" in by_reason["duplicate"]


def test_different_documents_charts_icons_and_flags_have_no_fault(tmp_path):
    """Forms with other entries, charts with other data and icons in other colours are no duplicates of each other.

    Nor are they blank, blurred or too bright. A copy of one of them is still found.
    """
    white = (255, 255, 255)
    colours = ((200, 30, 30), (230, 200, 30), (30, 60, 200), (20, 20, 20), (130, 130, 130))
    pictures = {
        **{f"form-{seed}.png": form(seed) for seed in range(12)},
        **{f"chart-{seed}.png": bars(seed) for seed in range(6)},
        **{f"icon-{number}.png": disc(colour) for number, colour in enumerate(colours)},
        **{f"flag-{number}.png": flag(colour, white, colour) for number, colour in enumerate(colours)},
        **{f"stars-{seed}.png": stars(seed) for seed in range(4)},
        **{f"scan-{dpi}.png": scan(dpi, 1.5) for dpi in (72, 150, 300)},
    }
    folder = tmp_path / "drawn"
    make_tree(folder, {name: encode(picture, "PNG") for name, picture in pictures.items()})
    assert imgsort.check(folder).findings == ()
    make_tree(folder, {"copy.jpg": encode(form(3, (310, 438)), "JPEG", quality=80)})
    (finding,) = imgsort.check(folder).findings
    assert (finding.path, finding.reason, finding.detail) == ("copy.jpg", "near-duplicate", "looks like form-3.png")
