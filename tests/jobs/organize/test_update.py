"""Tests `categorize(update=True)`: new images go to the category of their kind, and filed images stay."""

import contextlib
import csv
import json
import os
import shutil
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import imgsort
from imgsort.errors import CollectionError, JournalError, StrictError, UsageError
from imgsort.grouping.centres import Centres
from imgsort.jobs.organize.steps import saved_centres
from imgsort.jobs.organize.steps.saved_centres import SavedCentres
from tests.support.trees import make_tree, names, read_tree

LITE = {"model": "efficientnet-lite0", "size": 64}
KINDS = {"cat": "chelsea", "cup": "coffee", "stars": "hubble_deep_field", "rocket": "rocket"}


def numbered(kind: str, first: int, last: int) -> list[str]:
    return [f"{kind}_{number:02d}.jpg" for number in range(first, last + 1)]


CATS, CUPS, STARS = numbered("cat", 1, 9), numbered("cup", 1, 8), numbered("stars", 1, 7)
SORTED = {"category_1": CATS, "category_2": CUPS, "category_3": STARS}
NEW = ["cat_10.jpg", "cup_09.jpg", "stars_09.jpg", "rocket_01.jpg"]
FILED = {
    "category_1": [*CATS, "cat_10.jpg"],
    "category_2": [*CUPS, "cup_09.jpg"],
    "category_3": [*STARS, "stars_09.jpg"],
    "Unsorted": ["rocket_01.jpg"],
}


@pytest.fixture(scope="module")
def pictures(demo_photos):
    """Return the demo's photographs, {name: bytes}. The names say what the photographs show."""
    folder, labels = demo_photos
    found = {}
    for kind, photograph in KINDS.items():
        files = sorted(file for file, label in labels.items() if label == photograph)
        found |= {name: (folder / file).read_bytes() for name, file in zip(numbered(kind, 1, 12), files, strict=True)}
    return found


@pytest.fixture(scope="module")
def tree(pictures):
    """Return a function that turns {folder: names} into {path: bytes}. The folder `""` is the collection itself."""

    def state(folders):
        return {f"{folder}/{name}".lstrip("/"): pictures[name] for folder in folders for name in folders[folder]}

    return state


@pytest.fixture(scope="module")
def sorted_once(tree, tmp_path_factory):
    """Return a collection that was sorted into three categories. Tests must copy it, not change it."""
    folder = tmp_path_factory.mktemp("sorted") / "photos"
    make_tree(folder, tree({"": [*CATS, *CUPS, *STARS]}))
    imgsort.categorize(folder, clusters=3, **LITE)
    assert names(folder) == tree(SORTED)
    return folder


@pytest.fixture
def folder(sorted_once, tmp_path):
    """Return a copy of the sorted collection."""
    return Path(shutil.copytree(sorted_once, tmp_path / "photos"))


@pytest.fixture
def with_new(folder, tree):
    """Return a copy of the sorted collection, with new images of each category's kind and of a new kind."""
    make_tree(folder, tree({"": NEW}))
    return folder


@pytest.fixture(scope="module")
def copied_once(tree, tmp_path_factory):
    """Return a function that sorts copies or links of a collection, once for each mode.

    Tests must copy the result, not change it.
    """
    made = {}

    def make(mode):
        if mode not in made:
            made[mode] = tmp_path_factory.mktemp(mode)
            make_tree(made[mode] / "photos", tree({"": [*CATS, *CUPS, *STARS]}))
            imgsort.categorize(made[mode] / "photos", clusters=3, output=made[mode] / "out", mode=mode, **LITE)
        return made[mode]

    return make


def update(folder, **options):
    return imgsort.categorize(folder, update=True, **options)


def everything(root: Path) -> dict:
    """Return the tree with imgsort's own files, except its lock."""
    kept = {path: facts for path, facts in read_tree(root / ".imgsort").items() if path not in ("lock", "owner")}
    return {"": kept, **read_tree(root)}


def test_new_images_go_to_the_category_of_their_kind(with_new, tree):
    """New images go to their category. The rocket looks like none and goes to Unsorted.

    Filed images do not change, and undo puts every file back.
    """
    before = read_tree(with_new)
    result = update(with_new)
    assert names(with_new) == tree(FILED)
    after = read_tree(with_new)
    assert {path: facts for path, facts in before.items() if "/" in path} == {
        path: after[path] for path in before if "/" in path
    }
    assert (result.status, result.images, len(result.moves), result.refused) == ("done", 4, 4, ())
    assert [(count.name, count.count) for count in result.folders] == [
        *(("Unsorted", 1), ("category_1", 1), ("category_2", 1), ("category_3", 1))
    ]
    assert (result.model.name, result.model.size_px) == ("efficientnet-lite0", 64)
    assert max(move.distance for move in result.moves) == next(m.distance for m in result.moves if "rocket" in m.source)
    assert imgsort.undo(with_new).restored == 4
    assert read_tree(with_new) == before


def test_where_nothing_is_new_nothing_is_done(folder, tree):
    """Without new images there is no run and no move, even if an image lies in Unsorted."""
    before = read_tree(folder)
    result = update(folder)
    assert (result.status, result.run, result.moves, result.images) == ("nothing to do", None, (), 0)
    assert read_tree(folder) == before
    assert len(imgsort.history(folder).runs) == 1
    make_tree(folder, tree({"": NEW}))
    update(folder)
    after = read_tree(folder)
    assert update(folder).status == "nothing to do"
    assert read_tree(folder) == after
    assert len(imgsort.history(folder).runs) == 2


def test_what_a_person_filed_stays_where_it_is(with_new, tree, pictures):
    """Images that a person moved, renamed or put into a category are filed. They stay where they are."""
    os.rename(with_new / "category_2/cup_01.jpg", with_new / "category_1/cup_01.jpg")
    os.rename(with_new / "category_3/stars_01.jpg", with_new / "category_3/my stars.jpg")
    os.rename(with_new / "rocket_01.jpg", with_new / "category_3/rocket_01.jpg")
    before = read_tree(with_new)
    assert len(update(with_new).moves) == 3
    assert names(with_new) == {
        **tree({"category_1": [*CATS, "cup_01.jpg", "cat_10.jpg"], "category_2": [*CUPS[1:], "cup_09.jpg"]}),
        **tree({"category_3": [*STARS[1:], "rocket_01.jpg", "stars_09.jpg"]}),
        "category_3/my stars.jpg": pictures["stars_01.jpg"],
    }
    imgsort.undo(with_new)
    assert read_tree(with_new) == before


def test_a_renamed_folder_keeps_its_name_and_gets_new_images(with_new, tree):
    """A category is known after a rename, a second rename, and a copy to another place."""
    (with_new / "category_1").rename(with_new / "my cats")
    (with_new / "category_2").rename(with_new / "Ünsere Täßchen")
    before = read_tree(with_new)
    update(with_new)
    new = {**FILED, "my cats": FILED["category_1"], "Ünsere Täßchen": FILED["category_2"]}
    assert names(with_new) == tree({name: new[name] for name in new if name not in ("category_1", "category_2")})
    imgsort.undo(with_new)
    assert read_tree(with_new) == before

    update(with_new)
    (with_new / "my cats").rename(with_new / "cats again")
    copy = Path(shutil.copytree(with_new, with_new.parent / "elsewhere"))
    for place in (with_new, copy):
        make_tree(place, tree({"": ["cat_11.jpg", "cup_10.jpg"]}))
        update(place)
        assert names(place) == tree(
            {
                "cats again": [*CATS, "cat_10.jpg", "cat_11.jpg"],
                "Ünsere Täßchen": [*CUPS, "cup_09.jpg", "cup_10.jpg"],
                "category_3": FILED["category_3"],
                "Unsorted": FILED["Unsorted"],
            }
        )


def test_swapped_names_of_categories_are_what_the_person_wants(with_new, tree):
    """If two folders exchange their names, each is known by its content."""
    (with_new / "category_1").rename(with_new / "aside")
    (with_new / "category_2").rename(with_new / "category_1")
    (with_new / "aside").rename(with_new / "category_2")
    update(with_new)
    assert names(with_new) == tree({**FILED, "category_1": FILED["category_2"], "category_2": FILED["category_1"]})


def test_the_folder_copied_elsewhere_is_updated_there(with_new, tree):
    """A copy on another disk has other inodes, but is updated. The original stays as it is."""
    copy = Path(shutil.copytree(with_new, with_new.parent / "copy"))
    before = everything(with_new)
    update(copy)
    assert names(copy) == tree(FILED)
    assert everything(with_new) == before


@pytest.mark.parametrize("becomes", [None, "Rejected", "deeper/cats"])
def test_without_its_folder_a_kind_goes_to_unsorted(with_new, tree, becomes):
    """A category that was deleted, renamed to Rejected or moved away gets nothing. A notice says so."""
    if becomes is None:
        shutil.rmtree(with_new / "category_1")
    else:
        (with_new / becomes).parent.mkdir(exist_ok=True)
        (with_new / "category_1").rename(with_new / becomes)
    result = update(with_new)
    left = {} if becomes is None else {becomes: CATS}
    others = {"category_2": FILED["category_2"], "category_3": FILED["category_3"]}
    assert names(with_new) == tree({**others, **left, "Unsorted": ["cat_10.jpg", "rocket_01.jpg"]})
    assert [notice for notice in result.notices if "gone" in notice] == [
        "the folders of 1 categories are gone; images like theirs go to Unsorted."
    ]


def test_without_any_category_there_is_an_error(folder, tree):
    """After undo, and in a folder that was never sorted, the error says to sort first. Nothing changes."""
    imgsort.undo(folder)
    assert names(folder) == tree({"": [*CATS, *CUPS, *STARS]})
    never = folder.parent / "never"
    make_tree(never, tree({"": NEW}))
    for place in (folder, never):
        before = read_tree(place)
        with pytest.raises(CollectionError, match=r"no categories yet\. Run the command without --update first"):
            update(place)
        assert read_tree(place) == before


def test_after_undo_of_a_second_sorting_the_first_one_counts(with_new, tree):
    """After undo of a second sorting, the three categories of the first get the new images."""
    (with_new / "rocket_01.jpg").unlink()
    before = read_tree(with_new)
    second = imgsort.categorize(with_new, clusters=2, **LITE)
    assert len(saved_centres.latest(with_new, set())[0].folders) == 2
    imgsort.undo(with_new, second.run)
    assert read_tree(with_new) == before
    assert saved_centres.latest(with_new, set())[0].folders == ("category_1", "category_2", "category_3")
    update(with_new)
    assert names(with_new) == tree({name: FILED[name] for name in SORTED})


def test_a_second_sorting_counts_as_long_as_it_is_in_force(folder, tree):
    """If the second sorting made one category, new images of a known kind go there."""
    imgsort.categorize(folder, clusters=1, **LITE)
    make_tree(folder, tree({"": NEW[:1]}))
    update(folder)
    assert names(folder) == tree({"category_1": [*CATS, *CUPS, *STARS, "cat_10.jpg"]})


def test_a_category_renamed_before_a_second_sorting_was_undone(with_new, tree):
    """Undo brings back the name that a person gave. New images go to this folder."""
    (with_new / "rocket_01.jpg").unlink()
    (with_new / "category_1").rename(with_new / "my cats")
    update(with_new)
    before = read_tree(with_new)
    imgsort.categorize(with_new, clusters=2, **LITE)
    imgsort.undo(with_new)
    assert read_tree(with_new) == before
    make_tree(with_new, tree({"": ["cat_11.jpg"]}))
    update(with_new)
    assert names(with_new) == tree(
        {
            "my cats": [*FILED["category_1"], "cat_11.jpg"],
            "category_2": FILED["category_2"],
            "category_3": FILED["category_3"],
        }
    )


def test_a_renamed_folder_that_a_second_sorting_left_behind_gets_nothing(folder, tree):
    """A person's notes keep the emptied folder in place. New images go to the new folder of the category."""
    (folder / "category_1").rename(folder / "my cats")
    make_tree(folder, {"my cats/notes.txt": b"mine"})
    imgsort.categorize(folder, clusters=3, **LITE)
    assert names(folder) == {**tree(SORTED), "my cats/notes.txt": b"mine"}
    make_tree(folder, tree({"": NEW}))
    update(folder)
    assert names(folder) == {**tree(FILED), "my cats/notes.txt": b"mine"}


def without_centres(folder: Path) -> Path:
    for file in folder.glob(".imgsort/runs/*.safetensors"):
        file.unlink()
    return folder


def test_without_kept_centres_the_folders_teach(with_new, tree):
    """Without saved centres the present content of the folders decides, also if a person has moved images."""
    without_centres(with_new)
    before = read_tree(with_new)
    update(with_new, **LITE)
    assert names(with_new) == tree(FILED)
    imgsort.undo(with_new)
    assert read_tree(with_new) == before

    for name in CUPS:
        os.rename(with_new / "category_2" / name, with_new / "category_3" / name)
    for name in STARS:
        os.rename(with_new / "category_3" / name, with_new / "category_2" / name)
    update(with_new, **LITE)
    assert names(with_new) == tree(
        {
            **FILED,
            "category_2": [*STARS, "stars_09.jpg"],
            "category_3": [*CUPS, "cup_09.jpg"],
        }
    )


def apply_as(folder: Path, place_of: dict[str, str], clusters: int = 3) -> None:
    """Sort by a plan in which a person has written the folder of each kind."""
    plan = folder.parent / "plan.csv"
    imgsort.categorize(folder, clusters=clusters, plan=plan, **LITE)
    with plan.open(encoding="utf-8-sig", newline="") as handle:
        rows = list(csv.DictReader(handle))
    for row in rows:
        row["category"] = place_of[os.path.basename(row["file"]).partition("_")[0]]
        row["target"] = ""
    with plan.open("w", encoding="utf-8", newline="") as handle:
        writer = csv.DictWriter(handle, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    imgsort.apply(plan)
    plan.unlink()


@pytest.mark.parametrize(
    "place_of",
    [
        {"cat": "animals", "cup": "things", "stars": "things"},
        pytest.param({"cat": "2026/animals", "cup": "2026/things", "stars": "sky"}),
        pytest.param({"cat": "2026/animals", "cup": "2025/animals", "stars": "sky"}),
    ],
)
def test_folders_that_only_apply_made_teach_too(tmp_path, tree, place_of):
    """New images go to the folders of their kind, also if only a plan made these.

    The folders have a person's own names, hold several kinds, or lie in other folders.
    """
    folder = tmp_path / "photos"
    make_tree(folder, tree({"": [*CATS, *CUPS, *STARS]}))
    apply_as(folder, place_of)
    expected = {place: [] for place in place_of.values()}
    for kind, files in (("cat", CATS), ("cup", CUPS), ("stars", STARS)):
        expected[place_of[kind]] += files
    assert names(folder) == tree(expected)
    make_tree(folder, tree({"": NEW}))
    before = read_tree(folder)
    update(folder, **LITE)
    for kind, name in (("cat", "cat_10.jpg"), ("cup", "cup_09.jpg"), ("stars", "stars_09.jpg")):
        expected[place_of[kind]] += [name]
    assert names(folder) == tree({**expected, "Unsorted": ["rocket_01.jpg"]})
    imgsort.undo(folder)
    assert read_tree(folder) == before


def test_an_applied_plan_takes_the_place_of_older_centres(folder, tree):
    """A plan has made cats and cups exchange their places. New cats go where the cats are now."""
    make_tree(folder, tree({"": ["cup_09.jpg", "cup_10.jpg", "cup_11.jpg"]}))
    plan = folder.parent / "plan.csv"
    imgsort.categorize(folder, clusters=3, plan=plan, **LITE)
    imgsort.apply(plan)
    cups = [*CUPS, "cup_09.jpg", "cup_10.jpg", "cup_11.jpg"]
    swapped = {"category_1": cups, "category_2": CATS, "category_3": STARS}
    assert {path.partition("/")[2]: path.partition("/")[0] for path in names(folder)} == {
        name: place for place in swapped for name in swapped[place]
    }
    make_tree(folder, tree({"": ["cat_10.jpg"]}))
    update(folder, **LITE)
    assert names(folder) == tree({**swapped, "category_2": [*CATS, "cat_10.jpg"]})


def test_empty_categories_teach_nothing(folder, tree):
    """Without saved centres and without an image in any category there is an error. Nothing moves."""
    update(without_centres(folder), **LITE)  # the copy's folders are known by their inodes from now on
    for name, files in SORTED.items():
        for file in files:
            os.rename(folder / name / file, folder / file)
    before = read_tree(folder)
    with pytest.raises(CollectionError, match="no readable image to learn from"):
        update(folder, **LITE)
    assert read_tree(folder) == before


@pytest.fixture
def copied(copied_once, tmp_path):
    """Return a function that gives (collection, output), sorted by copies or links, with new images."""

    def make(mode, tree):
        # Links must lead to this copy of the collection, so they are made anew and not copied.
        made = copied_once(mode)
        photos = Path(shutil.copytree(made / "photos", tmp_path / "photos"))
        if mode == "copy":
            out = Path(shutil.copytree(made / "out", tmp_path / "out"))
        else:
            out = tmp_path / "out"
            imgsort.categorize(photos, clusters=3, output=out, mode=mode, **LITE)
        make_tree(photos, tree({"": NEW}))
        return photos, out

    return make


def outcome(out: Path) -> set[str]:
    return {path for path in read_tree(out) if path.endswith(".jpg")}


@pytest.mark.parametrize(
    "mode",
    [
        "copy",
        "hardlink",
        pytest.param(
            "symlink",
        ),
    ],
)
def test_only_new_images_are_copied(copied, tree, mode):
    """An update copies or links only new images. The collection does not change.

    A second update makes no further copy or link, also not of images in Unsorted.
    """
    photos, out = copied(mode, tree)
    before = read_tree(photos), set(os.listdir(photos)), read_tree(out)
    result = update(photos, output=out, mode=mode)
    assert [os.path.basename(move.target) for move in result.moves] == ["rocket_01.jpg", *NEW[:3]]
    assert outcome(out) == set(tree(FILED))
    after = read_tree(out)
    second = update(photos, output=out, mode=mode)
    assert (second.status, second.moves) == ("nothing to do", ())
    assert read_tree(out) == after
    imgsort.undo(out)
    assert (read_tree(photos), set(os.listdir(photos)), read_tree(out)) == before


def test_copies_that_a_person_sorted_are_not_copied_again(copied, tree):
    """A person may move, rename or delete a copy, or rename its folder. It is not copied again."""
    photos, out = copied("copy", tree)
    update(photos, output=out, mode="copy")
    os.rename(out / "category_2/cup_01.jpg", out / "category_1/cup.jpg")
    (out / "category_3").rename(out / "sky")
    (out / "category_1/cat_10.jpg").unlink()
    after = names(out)
    assert update(photos, output=out, mode="copy").moves == ()
    assert names(out) == after


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("Unsorted/rocket_01.jpg", "category_3/rocket_01.jpg"),
        ("Unsorted/rocket_01.jpg", "Rejected/rocket_01.jpg"),
        ("category_3", "Rejected"),
    ],
)
def test_copies_that_a_person_put_elsewhere_are_not_copied_again(copied, tree, old, new):
    """A copy that a person moved to a category or to Rejected is filed. It is not copied again."""
    photos, out = copied("copy", tree)
    update(photos, output=out, mode="copy")
    (out / new).parent.mkdir(exist_ok=True)
    os.rename(out / old, out / new)
    after = names(out)
    assert update(photos, output=out, mode="copy").moves == ()
    assert names(out) == after


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes")
def test_what_else_lies_in_unsorted_is_left_alone(copied, tree):
    """Update does not follow links, wait for pipes or overwrite anything among the copies."""
    photos, out = copied("copy", tree)
    make_tree(out, {"Unsorted/folder/x.txt": b"x", "Unsorted/rocket_01.jpg": b"another"})
    os.mkfifo(out / "Unsorted/pipe.jpg")
    (out / "Unsorted/link.jpg").symlink_to(out / "nowhere")
    before = read_tree(out)
    update(photos, output=out, mode="copy")
    after = read_tree(out)
    assert {path: after[path] for path in before} == before
    assert outcome(out) - set(before) == {*(set(tree(FILED)) - set(before)), "Unsorted/rocket_01 (2).jpg"}
    assert update(photos, output=out, mode="copy").moves == ()


def test_files_moved_to_another_folder_are_updated_there(tmp_path, tree):
    """If a collection was sorted into an output beside it, its next images go there too."""
    photos, out = tmp_path / "photos", tmp_path / "out"
    make_tree(photos, tree({"": [*CATS, *CUPS, *STARS]}))
    imgsort.categorize(photos, clusters=3, output=out, **LITE)
    make_tree(photos, tree({"": NEW}))
    before = read_tree(photos), read_tree(out)
    update(photos, output=out)
    assert (names(photos), names(out)) == ({}, tree(FILED))
    imgsort.undo(photos)
    assert (read_tree(photos), read_tree(out)) == before


def test_categories_in_a_subfolder_are_updated_there(tmp_path, tree):
    """If the output is inside the collection, its categories get the new images."""
    make_tree(tmp_path, tree({"": [*CATS, *CUPS, *STARS]}))
    imgsort.categorize(tmp_path, clusters=3, output=tmp_path / "by kind", **LITE)
    make_tree(tmp_path, tree({"": NEW}))
    update(tmp_path, output=tmp_path / "by kind")
    assert names(tmp_path) == {f"by kind/{path}": content for path, content in tree(FILED).items()}


@pytest.mark.parametrize(("first", "then"), [(None, "by kind"), ("by kind", None), ("by kind", "other")])
def test_another_output_than_the_categories_makes_no_second_ones(tmp_path, tree, first, then):
    """With another output by mistake, images go to the existing categories, or there is an error.

    No category exists twice.
    """

    def output(name):
        return {} if name is None else {"output": tmp_path / name}

    make_tree(tmp_path, tree({"": [*CATS, *CUPS, *STARS]}))
    imgsort.categorize(tmp_path, clusters=3, **output(first), **LITE)
    make_tree(tmp_path, tree({"": NEW[:3]}))
    with contextlib.suppress(UsageError, CollectionError):
        update(tmp_path, **output(then))
    categories = [path for path in read_tree(tmp_path) if os.path.basename(path).startswith("category_")]
    assert len(categories) == 3


def test_a_dry_run_touches_nothing(with_new):
    """A dry run shows the moves that the update then makes. It changes nothing."""
    before = everything(with_new)
    shown = update(with_new, dry_run=True)
    assert (shown.status, shown.run) == ("planned", None)
    assert everything(with_new) == before
    assert update(with_new).moves == shown.moves


def test_a_saved_plan_touches_nothing_until_it_is_applied(with_new, tree):
    """A saved plan changes nothing. Applied, it does what the update would have done."""
    before = everything(with_new)
    plan = with_new.parent / "plan.csv"
    assert update(with_new, plan=plan).status == "planned"
    assert everything(with_new) == before
    imgsort.apply(plan)
    assert names(with_new) == tree(FILED)
    make_tree(with_new, tree({"": ["cat_11.jpg"]}))
    update(with_new)
    assert names(with_new) == tree({**FILED, "category_1": [*FILED["category_1"], "cat_11.jpg"]})


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"model": "vgg16"}, "--model vgg16: these categories were made with efficientnet-lite0"),
        ({"model": "vgg99"}, "--model vgg99"),
    ],
)
def test_another_model_is_a_usage_error(with_new, options, words):
    """The features of another model mean nothing to the centres. The error says so, and nothing changes."""
    before = read_tree(with_new)
    with pytest.raises(UsageError, match=words):
        update(with_new, **options)
    assert read_tree(with_new) == before
    assert len(imgsort.history(with_new).runs) == 1


def rewrite(folder: Path, *, centres=None, folders=None, **model) -> None:
    """Write the saved centres of the only run again, with other centres or folders, or of another model."""
    kept = saved_centres.latest(folder, set())[0]
    (file,) = folder.glob(".imgsort/runs/*.safetensors")
    changed = SavedCentres(centres or kept.centres, folders or kept.folders, {**kept.model, **model})
    saved_centres.save(folder, file.stem, changed)


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"weights": "/home/me/own.h5"}, "made with your own weights /home/me/own.h5. Give them again with --weights"),
        (
            {"sha256": "0" * 64},
            "weights of efficientnet-lite0 are not the weights that these",
        ),
        (
            {"centres": Centres(np.ones((3, 512), np.float32), np.ones(3, np.float32))},
            "1280 features per image.*512",
        ),
        ({"name": "vgg99"}, "no model 'vgg99'"),
    ],
)
def test_centres_of_another_model_are_a_usage_error(with_new, changed, words):
    """Whatever an untrusted file says of the model, no image is filed by features that do not fit."""
    rewrite(with_new, **changed)
    before = read_tree(with_new)
    with pytest.raises(UsageError, match=words):
        update(with_new)
    assert read_tree(with_new) == before


def test_the_size_and_pooling_of_the_first_run_are_kept(with_new, tree):
    """Another size or pooling has no effect. The features are made as in the first run."""
    result = update(with_new, size=96, pooling="max")
    assert (result.model.size_px, result.model.pooling) == (64, "avg")
    assert names(with_new) == tree(FILED)


def test_the_fit_of_the_first_run_is_kept(tree, tmp_path):
    """Categories of stretched images get new images that are stretched too. Older centres are of letterboxed ones."""
    make_tree(tmp_path / "photos", tree({"": [*CATS, *CUPS, *STARS]}))
    imgsort.categorize(tmp_path / "photos", clusters=3, fit="stretch", algorithm="graph", **LITE)
    make_tree(tmp_path / "photos", tree({"": NEW}))
    assert update(tmp_path / "photos", fit="letterbox", dry_run=True).model.fit == "stretch"
    (file,) = (tmp_path / "photos").glob(".imgsort/runs/*.safetensors")
    saved = saved_centres.latest(tmp_path / "photos", set())[0]
    saved_centres.save(
        tmp_path / "photos", file.stem, replace(saved, model={k: v for k, v in saved.model.items() if k != "fit"})
    )
    assert update(tmp_path / "photos", dry_run=True).model.fit == "letterbox"


def test_a_fit_that_there_is_not_is_an_error(with_new):
    """A stranger's file that names another fit is refused."""
    rewrite(with_new, fit="../x")
    before = read_tree(with_new)
    with pytest.raises(JournalError, match="it names no fit"):
        update(with_new)
    assert read_tree(with_new) == before


def test_subfolders_count_with_recursive(folder, tree):
    """With `recursive`, images in other folders are new. Without it, they stay there.

    No category is searched twice.
    """
    make_tree(folder, tree({"from phone": ["cat_10.jpg"], "a/b": ["cup_09.jpg"], "": ["stars_09.jpg"]}))
    update(folder)
    own = {"from phone": ["cat_10.jpg"], "a/b": ["cup_09.jpg"]}
    assert names(folder) == tree({**SORTED, **own, "category_3": FILED["category_3"]})
    before = read_tree(folder)
    update(folder, recursive=True)
    assert names(folder) == tree({name: FILED[name] for name in SORTED})
    imgsort.undo(folder)
    assert read_tree(folder) == before


def test_sidecars_follow(with_new, tree):
    """Notes and RAW files go with new images. Those of filed images stay. Undo puts every file back."""
    own = {"cat_10.jpg.xmp": b"<xmp/>", "rocket_01.NEF": b"II*\0raw", "category_1/cat_01.jpg.xmp": b"<old/>"}
    make_tree(with_new, {**own, "readme.txt": b"nobody's"})
    before = read_tree(with_new)
    result = update(with_new)
    assert (len(result.moves), result.sidecars) == (6, 2)
    assert names(with_new) == {
        **tree(FILED),
        "category_1/cat_10.jpg.xmp": b"<xmp/>",
        "Unsorted/rocket_01.NEF": b"II*\0raw",
        "category_1/cat_01.jpg.xmp": b"<old/>",
        "readme.txt": b"nobody's",
    }
    imgsort.undo(with_new)
    assert read_tree(with_new) == before


def test_a_users_own_sidecars_follow(with_new, tree):
    """A mask of a new image, which a pattern names, goes with it and is filed by nothing of its own."""
    own = {"cat_10_mask.jpg": tree(SORTED)["category_1/cat_01.jpg"], "cat_10.jpg.notes": b"1"}
    make_tree(with_new, own)
    before = read_tree(with_new)
    result = update(with_new, sidecar_patterns=["{stem}_mask.jpg"])
    assert (len(result.moves), result.sidecars) == (5, 1)
    assert names(with_new)["category_1/cat_10_mask.jpg"] == own["cat_10_mask.jpg"]
    assert [text for text in result.notices if "cat_10.jpg.notes. --sidecar '{name}.notes' takes it along" in text]
    imgsort.undo(with_new)
    assert read_tree(with_new) == before


def test_a_name_that_is_taken_is_not_written_over(folder, tree, pictures):
    """A new image whose name is taken gets a number, also in Unsorted."""
    make_tree(folder, {"cat_01.jpg": pictures["cat_10.jpg"], "rocket.jpg": pictures["rocket_01.jpg"]})
    make_tree(folder, {"Unsorted/rocket.jpg": b"the person's own"})
    before = read_tree(folder)
    update(folder)
    assert names(folder) == {
        **tree(SORTED),
        "category_1/cat_01 (2).jpg": pictures["cat_10.jpg"],
        "Unsorted/rocket.jpg": b"the person's own",
        "Unsorted/rocket (2).jpg": pictures["rocket_01.jpg"],
    }
    imgsort.undo(folder)
    assert read_tree(folder) == before


def test_the_same_picture_again_is_filed_beside_itself(folder, tree, pictures):
    """A second copy of a filed image is a new image: it is filed, and both are kept."""
    make_tree(folder, {"again.jpg": pictures["cat_01.jpg"]})
    update(folder)
    assert names(folder) == {**tree(SORTED), "category_1/again.jpg": pictures["cat_01.jpg"]}


def test_an_unreadable_image_stays(with_new, tree):
    """An unreadable image is reported with its reason and stays. With `strict` it is an error, and nothing moves."""
    make_tree(with_new, {"text.jpg": b"hello"})
    before = read_tree(with_new)
    with pytest.raises(StrictError, match=r"text\.jpg"):
        update(with_new, strict=True)
    assert read_tree(with_new) == before
    result = update(with_new)
    assert [row.path for row in result.unreadable] == ["text.jpg"]
    assert names(with_new) == {**tree(FILED), "text.jpg": b"hello"}


@pytest.mark.skipif(sys.platform == "win32", reason="symbolic links need a privilege on Windows")
def test_unsorted_that_is_a_link_is_not_followed(with_new, tmp_path):
    """If Unsorted is a link, an image would land in another folder. This is an error, and nothing moves."""
    (tmp_path / "victim").mkdir()
    (with_new / "Unsorted").symlink_to(tmp_path / "victim")
    before = read_tree(tmp_path)
    with pytest.raises(UsageError, match="Unsorted"):
        update(with_new)
    assert read_tree(tmp_path) == before


@pytest.mark.skipif(sys.platform == "win32", reason="symbolic links need a privilege on Windows")
def test_a_category_that_is_a_link_is_none(with_new, tmp_path, tree):
    """If a link takes the place of a category, its folder gets nothing and loses nothing."""
    (with_new / "category_1").rename(tmp_path / "victim")
    (with_new / "category_1").symlink_to(tmp_path / "victim")
    before = read_tree(tmp_path / "victim")
    update(with_new)
    assert read_tree(tmp_path / "victim") == before
    others = {"category_2": FILED["category_2"], "category_3": FILED["category_3"]}
    assert names(with_new) == tree({**others, "Unsorted": ["cat_10.jpg", "rocket_01.jpg"]})


@pytest.mark.parametrize("path", ["../victim", "VICTIM", ".imgsort/runs", "."])
def test_a_record_cannot_name_folders_of_others_as_categories(with_new, tmp_path, path):
    """An untrusted `.imgsort` may call any folder a category, but no image moves there."""
    make_tree(tmp_path / "victim", {"a.jpg": b"1"})
    record = json.loads((with_new / ".imgsort/categories.json").read_bytes())
    for folder in record["folders"]:
        folder |= {"made_as": folder["path"], "path": path.replace("VICTIM", str(tmp_path / "victim"))}
    (with_new / ".imgsort/categories.json").write_text(json.dumps(record))
    before = read_tree(tmp_path)
    with pytest.raises(JournalError, match="Remove the file"):
        update(with_new)
    assert read_tree(tmp_path) == before


def test_centres_that_name_no_category_file_nothing_there(with_new, tree):
    """If untrusted centres name a folder that is no category, its images go to Unsorted."""
    make_tree(with_new, {"private/mine.txt": b"mine"})
    rewrite(with_new, folders=("private", "category_1/deeper", "Rejected"))
    update(with_new)
    assert names(with_new) == {**tree({**SORTED, "Unsorted": NEW}), "private/mine.txt": b"mine"}


def test_damaged_centres_are_an_error_with_a_remedy(with_new, tree):
    """Damaged centres move nothing. Without the file, the content of the folders decides."""
    (file,) = with_new.glob(".imgsort/runs/*.safetensors")
    file.write_bytes(file.read_bytes()[:-1])
    before = read_tree(with_new)
    for options in ({}, {"dry_run": True}):
        with pytest.raises(JournalError, match=f"{file.name}.*Remove the file to go on without it"):
            update(with_new, **options)
    assert read_tree(with_new) == before
    file.unlink()
    update(with_new, **LITE)
    assert names(with_new) == tree(FILED)


def test_images_that_a_person_took_out_stay_out(folder, tree):
    """If a person moves a filed image to another folder or to the top, it stays there."""
    make_tree(folder, {"Best": None})
    shutil.move(folder / "category_1" / CATS[0], folder / "Best")
    shutil.move(folder / "category_1" / CATS[1], folder)
    before = names(folder)
    result = update(folder, recursive=True)
    assert (result.status, names(folder)) == ("nothing to do", before)
    assert any("have been moved by hand since: they stay where they are" in notice for notice in result.notices)


def test_centres_of_a_run_that_stopped_are_not_used(with_new, tree):
    """A second sorting that was killed at once has saved its centres. Those of the first still count."""
    expected = update(with_new, dry_run=True)
    imgsort.categorize(with_new, clusters=2, **LITE)
    (newest,) = sorted(with_new.glob(".imgsort/runs/*.safetensors"))[1:]
    kept = newest.read_bytes()
    imgsort.undo(with_new)
    newest.unlink()
    lines = newest.with_suffix(".jsonl").read_bytes().splitlines(keepends=True)
    newest.with_suffix(".jsonl").write_bytes(
        b"".join(line for line in lines if b'"undo' not in line and b'"done' not in line)
    )
    newest.write_bytes(kept)
    found = update(with_new, dry_run=True)
    assert {move.source: move.target for move in found.moves} == {m.source: m.target for m in expected.moves}
