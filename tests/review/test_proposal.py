"""Tests proposals of the real commands: without corrections, a review plans exactly what the command plans."""

import os
import sys

import numpy as np
import pytest

from imgsort.content import file_content_hash
from imgsort.csv_file import write_csv
from imgsort.errors import CollectionError
from imgsort.features.cache.thumbnail_cache import ThumbnailsInMemory
from imgsort.filing.planning.plan_file import HEADER, read_plan
from imgsort.jobs.learn.audit import audit
from imgsort.jobs.listener import Listener
from imgsort.jobs.look.find import find
from imgsort.jobs.look.pages.how import Studying
from imgsort.jobs.organize.categorize import categorize
from imgsort.jobs.organize.check import check
from imgsort.jobs.organize.outliers import find_outliers
from imgsort.jobs.settings import FilingSettings
from imgsort.jobs.thumbnails import Thumbnails
from imgsort.review.first_page import page_of
from imgsort.review.looks import Looks
from imgsort.review.planned import plan_of
from imgsort.review.proposal import propose, read_proposal
from imgsort.review.sorting.corrections import STAYS
from imgsort.sidecar_names.rules import BUILT_IN
from tests.support.misfiled import QUICK, misfiled_classes
from tests.support.pictures import encode, plain
from tests.support.trees import make_tree, read_tree

LITE = {"model": "efficientnet-lite0"}


@pytest.fixture
def photos(tmp_path):
    """Nine noisy pictures in three kinds, a blank one, and some that share a name or have a sidecar."""
    chance = np.random.default_rng(0)
    tree = {}
    for number in range(9):
        noise = chance.integers(0, 60, (80, 80, 3), np.uint8)
        tree[f"{number}.png"] = encode(noise + np.uint8(90 * (number % 3)), "PNG")
    make_tree(tmp_path / "in", {**tree, "sub/0.png": tree["4.png"], "red.png": plain((200, 30, 30)), "3.xmp": b"<x/>"})
    return tmp_path / "in"


def proposed(command, folder, **options):
    return propose(command, folder, options, Studying(None, Thumbnails(ThumbnailsInMemory())))


@pytest.mark.parametrize(
    ("command", "job", "options"),
    [
        ("categorize", categorize, {"clusters": 3, "recursive": True, **LITE}),
        ("categorize", categorize, {"clusters": "auto", "algorithm": "hdbscan", **LITE}),
        ("outliers", find_outliers, {"recursive": True, **LITE}),
        ("check", check, {"recursive": True}),
    ],
)
def test_without_corrections_the_plan_is_that_of_the_command(photos, tmp_path, command, job, options):
    """Rows, order, targets, distances and scores are the same, byte for byte; nothing in the folder is touched."""
    before = read_tree(photos)
    plan = tmp_path / "plan.csv"
    job(photos, plan=plan, **({"move": True} if command == "check" else {}), **options)
    proposal = proposed(command, photos, **options)
    assert plan_of(proposal, proposal.sorting, BUILT_IN).csv(proposal.site.output) == plan.read_bytes()
    assert read_tree(photos) == before


@pytest.mark.parametrize("is_deeper", [False, True])
def test_an_audit_is_reviewed_as_it_would_be_filed(demo_photos, tmp_path, is_deeper):
    """The plan is that of `audit --move`. The groups are the classes, and the page says what lies in the wrong one."""
    root = tmp_path / "in"
    wrong = misfiled_classes(demo_photos, root)
    if is_deeper:
        (root / "coffee").rename(root / "2021")
        (root / "coffee").mkdir()
        (root / "2021").rename(root / "coffee" / "2021")
    before = read_tree(root)
    audit(root, plan=tmp_path / "plan.csv", **QUICK)
    proposal = proposed("audit", root, **QUICK)
    assert (
        plan_of(proposal, proposal.sorting, BUILT_IN).csv(proposal.site.output) == (tmp_path / "plan.csv").read_bytes()
    )
    page = page_of(Looks(proposal, Listener()))
    marked = page.findings.reasons["marked as wrong"]
    assert {row.name.replace("/2021/", "/") for row in marked} == set(wrong)
    groups = {group.name for group in page.groups if group.kind == "class"}
    assert groups == {"chelsea", "coffee", "rocket", *(["coffee/2021"] if is_deeper else [])}
    assert read_tree(root) == before


def test_what_find_would_move_is_proposed(photos, tmp_path):
    """The plan has what was found and nothing else, in order; what was looked for is not in it."""
    plan = tmp_path / "plan.csv"
    options = {"query": photos / "4.png", "top": 3, "recursive": True, **LITE}
    found = find(photos, move=True, plan=plan, **options)
    proposal = proposed("find", photos, **options)
    assert [file.path for file in proposal.files] == [match.path for match in found.matches]
    assert [proposal.sorting.groups[group].name for group in proposal.sorting.images] == ["4"] * 3
    assert list(proposal.sorting.distances) == [match.distance for match in found.matches]
    assert plan_of(proposal, proposal.sorting, BUILT_IN).csv(proposal.site.output) == plan.read_bytes()


@pytest.fixture
def faulty(tmp_path):
    """Sound pictures, and files that are unreadable, cut short, and called what they are not."""
    whole = encode(np.random.default_rng(0).integers(0, 256, (90, 90, 3), np.uint8), "JPEG")
    tree = {
        "a.png": encode(np.random.default_rng(1).integers(0, 256, (90, 90, 3), np.uint8), "PNG"),
        "broken.jpg": b"\xff\xd8\xff broken",
        "cut.jpg": whole[: len(whole) // 2],
        "misnamed.png": whole,
        "no picture.gif": b"words",
        "no picture.xmp": b"<x/>",
        "same.png": whole,
        "z.jpg": whole,
    }
    make_tree(tmp_path / "in", tree)
    return tmp_path / "in"


@pytest.mark.parametrize(
    "options", [{}, {"reasons": ["unreadable"]}, {"reasons": ["wrong-suffix"]}, {"truncated": "use"}]
)
def test_files_that_cannot_be_read_are_in_the_plan_of_check(faulty, tmp_path, options):
    """Unreadable, truncated and misnamed files go where `check --move` brings them."""
    plan = tmp_path / "plan.csv"
    check(faulty, move=True, plan=plan, **options)
    proposal = proposed("check", faulty, **options)
    assert plan_of(proposal, proposal.sorting, BUILT_IN).csv(proposal.site.output) == plan.read_bytes()


def test_a_file_that_cannot_be_read_is_shown_with_the_reason(faulty):
    """It has a row of its own in the page, whose note says why there is no picture."""
    proposal = proposed("check", faulty)
    images = page_of(Looks(proposal, Listener())).images
    notes = {name: note for name, note in zip(images.names, images.notes, strict=True) if note}
    assert set(notes) == {"broken.jpg", "cut.jpg", "no picture.gif"}
    assert "cut short" in notes["cut.jpg"]


def test_the_page_has_what_a_check_found_with_value_and_limit(faulty):
    """Each finding has its number in the review, also of a file that could not be read, and what it was judged by."""
    page = page_of(Looks(proposed("check", faulty), Listener()))
    assert page.findings is not None and set(page.findings.reasons) >= {"unreadable", "truncated", "duplicate"}
    for rows in page.findings.reasons.values():
        assert all(page.images.names[row.image] == row.name for row in rows)
    assert page.findings.duplicates and page.findings.reasons["duplicate"][0].detail
    assert ("files are", "moved") in page.made.facts and len(page.made.unreadable) == 3
    assert page.made.seconds


def test_the_page_has_the_nearest_image_of_an_outlier(photos):
    """An outlier is shown with its distance, beside an image that is none."""
    page = page_of(Looks(proposed("outliers", photos, method="knn", max_outliers=2, **LITE), Listener()))
    assert page.outliers is not None and len(page.outliers.rows) == 2
    assert all(row.nearest is not None for row in page.outliers.rows) and page.findings is None
    assert ("model", "efficientnet-lite0") in page.made.facts


def test_an_update_proposes_the_categories_that_are_there(photos):
    """New images go to the existing categories; the number of categories cannot be changed."""
    categorize(photos, clusters=2, **LITE)
    make_tree(photos, {"new.png": plain((20, 20, 20), side=80)})
    proposal = proposed("categorize", photos, update=True, **LITE)
    assert [file.path for file in proposal.files] == ["new.png"]
    assert proposal.regroup is None and proposal.sorting.clusters is None


def test_a_folder_without_readable_images_is_an_error(tmp_path):
    """There is nothing to review, unless the command would move the unreadable files."""
    make_tree(tmp_path, {"a.jpg": b"\xff\xd8\xff broken"})
    with pytest.raises(CollectionError):
        proposed("check", tmp_path, reasons=["blurred"])
    assert [file.path for file in proposed("check", tmp_path).files] == ["a.jpg"]


def saved(folder, rows, path):
    place = (str(folder.resolve()), str(folder.resolve()), "move", "")
    write_csv(path, HEADER, [(file, "", None, None, target, *place) for file, target in rows])
    return read_plan(path)


def test_a_saved_plan_is_proposed_as_it_is(photos, tmp_path):
    """Each row's folder is a group; rows without a target stay, lines that fit nothing are told of and left out."""
    rows = [
        ("0.png", "Beach/zero.png"),
        ("1.png", "Beach/1.png"),
        ("2.png", "Outlayers/2.png"),
        ("3.png", ""),
        ("4.png", "4 moved.png"),
        ("gone.png", "Beach/gone.png"),
    ]
    proposal = read_proposal(saved(photos, rows, tmp_path / "plan.csv"), FilingSettings(), Listener())
    names = {group.id: (group.name, group.kind) for group in proposal.sorting.groups}
    assert [names[group] for group in proposal.sorting.images] == [
        ("Beach", "category"),
        ("Beach", "category"),
        ("Outlayers", "outliers"),
        (STAYS, "stays"),
        (".", "category"),
    ]
    assert any("gone.png" in notice for notice in proposal.notices)
    planned = plan_of(proposal, proposal.sorting, BUILT_IN)
    assert {move.source: move.target for move in planned.plan.moves} == dict(rows[:3] + rows[4:5])


def test_a_saved_plan_of_files_that_are_gone_is_an_error(photos, tmp_path):
    """There is nothing to review."""
    with pytest.raises(CollectionError):
        read_proposal(saved(photos, [("gone.png", "a/gone.png")], tmp_path / "plan.csv"), FilingSettings(), Listener())


def test_a_file_of_a_plan_that_cannot_be_read_is_left_out(photos, tmp_path, monkeypatch):
    """Nobody knows what was in it, so it is not filed, whatever lies there later; the line is named."""
    plan = saved(photos, [("0.png", "a/0.png"), ("1.png", "a/1.png")], tmp_path / "plan.csv")
    monkeypatch.setattr(
        "imgsort.review.proposal.file_content_hash",
        lambda path: None if path.name == "1.png" else file_content_hash(path),
    )
    proposal = read_proposal(plan, FilingSettings(), Listener())
    assert [file.path for file in proposal.files] == ["0.png"] and all(proposal.contents)
    assert any("line 3" in notice and "'1.png'" in notice for notice in proposal.notices)


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="needs a file system that takes any bytes")
def test_names_that_are_not_text_are_planned_as_they_are(photos, tmp_path):
    """Bytes that are not UTF-8 in the names of files and folders survive."""
    name = os.fsdecode(b"caf\xe9.png")
    (photos / name).write_bytes((photos / "0.png").read_bytes())
    folder = os.fsdecode(b"f\xfcr")
    proposal = read_proposal(
        saved(photos, [(name, f"{folder}/{name}")], tmp_path / "plan.csv"), FilingSettings(), Listener()
    )
    planned = plan_of(proposal, proposal.sorting, BUILT_IN)
    again = tmp_path / "again.csv"
    again.write_bytes(planned.csv(proposal.site.output))
    assert [(row.file, row.target) for row in read_plan(again).rows] == [(name, f"{folder}/{name}")]
