"""Tests `find`: what is most alike comes first, what is looked for is left out, and nothing moves unless asked."""

import csv
import os
import shutil

import numpy as np
import pytest
from PIL import Image

import imgsort
from imgsort.csv_file import read_csv
from imgsort.errors import CollectionError, QueryError, StrictError, UsageError
from imgsort.jobs.listener import Listener
from tests.support.trees import names, read_tree

LITE = {"model": "efficientnet-lite0", "size": 64, "precision": "float32"}


@pytest.fixture(scope="module")
def kinds(demo_photos, tmp_path_factory):
    """A collection with a folder for each of four photographs, and the photograph that each file shows.

    A test must not change it.
    """
    folder = tmp_path_factory.mktemp("kinds")
    shown = {}
    for kind in ("astronaut", "coffee", "china", "flower"):
        files = [name for name, photograph in sorted(demo_photos[1].items()) if photograph == kind][:5]
        (folder / kind).mkdir()
        for name in files:
            shutil.copy2(demo_photos[0] / name, folder / kind / name)
            shown[f"{kind}/{name}"] = kind
    return folder, shown


@pytest.fixture
def sorted_photos(kinds, tmp_path):
    """A copy of the collection that a test may change."""
    return shutil.copytree(kinds[0], tmp_path / "sorted")


def paths(result):
    return [match.path for match in result.matches]


class Hearing(Listener):
    def __init__(self):
        self.notices, self.studies = [], []

    def notice(self, text):
        self.notices.append(text)

    def studied(self, study):
        self.studies.append(study)


def test_the_most_alike_come_first_and_the_query_is_left_out(kinds):
    """An image finds the others of its kind first, in subfolders too, as a plain cosine search does."""
    folder, shown = kinds
    features = imgsort.extract_features(folder, recursive=True, fit="stretch", **LITE)
    units = features.matrix.astype(np.float64)
    units /= np.linalg.norm(units, axis=1, keepdims=True)
    files = [file.path for file in features.files]
    for query in (files[0], files[7]):
        result = imgsort.find(folder, query=folder / query, **LITE)
        distances = np.round(1 - units @ units[files.index(query)], 6)
        expected = [n for n in np.lexsort((np.arange(len(files)), distances)) if files[n] != query]
        assert paths(result) == [files[number] for number in expected]
        assert [match.distance for match in result.matches] == [pytest.approx(distances[n], abs=2e-6) for n in expected]
        assert {shown[path] for path in paths(result)[:4]} == {shown[query]}
    assert (result.filing.status, result.filing.moves, result.filing.dry_run) == ("checked", (), False)


def test_a_file_elsewhere_is_looked_for_too_and_its_copies_are_named(kinds, tmp_path):
    """A query outside the collection works; a copy of its bytes in the collection is left out, and a notice says so."""
    folder, shown = kinds
    path = next(iter(shown))
    shutil.copy(folder / path, tmp_path / "elsewhere.jpg")
    hearing = Hearing()
    result = imgsort.find(folder, query=tmp_path / "elsewhere.jpg", top=3, listener=hearing, **LITE)
    assert path not in paths(result)
    assert len(result.matches) == 3
    assert [text for text in hearing.notices if path in text and "same bytes" in text]
    assert result.query == (str(tmp_path / "elsewhere.jpg"),)


def test_several_images_and_a_folder_count_by_their_mean(kinds):
    """Files of a folder one by one give what the folder gives, and all of them are left out."""
    folder, shown = kinds
    coffee = [path for path, kind in shown.items() if kind == "coffee"]
    whole = imgsort.find(folder, query=folder / "coffee", top=50, **LITE)
    single = imgsort.find(folder, query=[folder / path for path in reversed(coffee)], top=50, **LITE)
    assert whole.matches == single.matches
    assert set(paths(whole)) == set(shown) - set(coffee)


def test_top_and_distance(kinds):
    """`distance` gives all that are not farther, `top` cuts the list, and a small folder gives what it has."""
    folder, shown = kinds
    query = folder / next(iter(shown))
    everything = imgsort.find(folder, query=query, distance=2.0, **LITE).matches
    assert len(everything) == len(shown) - 1
    limit = everything[6].distance
    near = imgsort.find(folder, query=query, distance=limit, **LITE).matches
    assert near == tuple(match for match in everything if match.distance <= limit)
    assert imgsort.find(folder, query=query, distance=limit, top=2, **LITE).matches == everything[:2]
    assert imgsort.find(folder, query=query, top=500, **LITE).matches == everything


def test_the_same_scene_is_the_same_shot_only(kinds, tmp_path):
    """Copies in other sizes and qualities, and of the same bytes, are found; other pictures of the kind are not."""
    folder, shown = kinds
    path = next(path for path, kind in shown.items() if kind == "china")
    collection = tmp_path / "collection"
    shutil.copytree(folder, collection)
    with Image.open(folder / path) as image:
        image.convert("RGB").resize((image.width // 2, image.height // 2)).save(collection / "half.jpg", quality=80)
        image.convert("RGB").save(collection / "again.png")
    shutil.copy(folder / path, collection / "copy.jpg")
    found = imgsort.find(collection, query=collection / path, same_scene=True, **LITE)
    assert {"copy.jpg", "half.jpg", "again.png"} <= set(paths(found))
    assert path not in paths(found)
    assert {shown.get(each, "china") for each in paths(found)} == {"china"}
    alike = imgsort.find(collection, query=collection / path, top=50, **LITE)
    assert len(found.matches) < len(alike.matches)
    assert "copy.jpg" not in paths(alike)


def test_only_the_folder_itself(kinds, demo_photos):
    """Without subfolders only the images directly in the folder count."""
    folder, shown = kinds
    query = folder / next(iter(shown))
    assert len(imgsort.find(folder / "coffee", query=query, recursive=False, **LITE).matches) == 5
    with pytest.raises(CollectionError, match="recursive"):
        imgsort.find(folder, query=query, recursive=False, **LITE)


def test_unreadable_files_are_rows_or_the_error(sorted_photos):
    """A bad file in the collection is a row; as the query it is an error with the reason; with strict it is one too."""
    (sorted_photos / "empty.jpg").write_bytes(b"")
    query = next((sorted_photos / "coffee").iterdir())
    result = imgsort.find(sorted_photos, query=query, **LITE)
    assert [(row.path, "empty" in row.reason) for row in result.filing.unreadable] == [("empty.jpg", True)]
    with pytest.raises(QueryError, match=r"empty\.jpg.*empty file"):
        imgsort.find(sorted_photos, query=[query, sorted_photos / "empty.jpg"], **LITE)
    with pytest.raises(StrictError):
        imgsort.find(sorted_photos, query=query, strict=True, **LITE)


def test_a_folder_with_bad_files_counts_by_the_others(sorted_photos, tmp_path):
    """Bad files in a folder that is looked for are named in a notice; a folder of bad files only is an error."""
    alone = imgsort.find(sorted_photos, query=sorted_photos / "coffee", **LITE).matches
    (sorted_photos / "coffee" / "empty.jpg").write_bytes(b"")
    hearing = Hearing()
    assert imgsort.find(sorted_photos, query=sorted_photos / "coffee", listener=hearing, **LITE).matches == alone
    assert [text for text in hearing.notices if "empty.jpg" in text]
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "empty.jpg").write_bytes(b"")
    with pytest.raises(QueryError, match="empty file"):
        imgsort.find(sorted_photos, query=tmp_path / "bad", **LITE)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"query": "nowhere.jpg"}, "no such file"),
        ({"query": []}, "nothing to look for"),
        ({"top": 0}, "--top 0"),
        ({"distance": 2.5}, r"--distance 2\.5"),
        ({"output": "elsewhere"}, "--move"),
        ({"mode": "copy"}, "--output"),
    ],
)
def test_what_cannot_be_done_is_said(kinds, options, message):
    """A wrong query or option is an error that names it, before anything is looked at."""
    folder, shown = kinds
    with pytest.raises((QueryError, UsageError), match=message):
        imgsort.find(folder, **{"query": folder / next(iter(shown)), **options}, **LITE)


def test_an_empty_folder_is_nothing_to_look_for(kinds, tmp_path):
    """A folder without images is an error that says so."""
    with pytest.raises(QueryError, match="no images"):
        imgsort.find(kinds[0], query=tmp_path, **LITE)


def test_what_is_found_is_moved_to_a_folder_with_the_name_of_the_query(sorted_photos):
    """With `move` the matches go to a folder named after the query, and undo brings all of them back."""
    before = read_tree(sorted_photos)
    query = next((sorted_photos / "coffee").iterdir())
    found = imgsort.find(sorted_photos, query=query, top=3, **LITE)
    assert read_tree(sorted_photos) == before
    planned = imgsort.find(sorted_photos, query=query, top=3, move=True, dry_run=True, **LITE)
    assert read_tree(sorted_photos) == before
    result = imgsort.find(sorted_photos, query=query, top=3, move=True, **LITE)
    assert result.matches == planned.matches == found.matches
    assert [move.source for move in result.filing.moves] == paths(found)
    assert sorted(os.listdir(sorted_photos / query.stem)) == sorted(path.rpartition("/")[2] for path in paths(found))
    imgsort.undo(sorted_photos)
    assert read_tree(sorted_photos) == before


def test_a_folder_of_the_collection_takes_what_looks_like_it(sorted_photos):
    """Matches of a category folder join it, and it stays a person's own folder."""
    stray = next((sorted_photos / "coffee").iterdir())
    moved = shutil.move(stray, sorted_photos / "china" / "stray.jpg")
    result = imgsort.find(sorted_photos, query=sorted_photos / "coffee", top=1, move=True, **LITE)
    assert [(move.source, move.target) for move in result.filing.moves] == [("china/stray.jpg", "coffee/stray.jpg")]
    assert not os.path.exists(moved)


def test_copies_go_to_an_output(sorted_photos, tmp_path):
    """Copies and links lie in a folder with the name of the query in the output; the collection stays as it is."""
    before = read_tree(sorted_photos)
    query = sorted_photos / "china"
    for mode in ("copy", "symlink"):
        output = tmp_path / mode
        result = imgsort.find(sorted_photos, query=query, top=2, mode=mode, output=output, **LITE)
        assert len(os.listdir(output / "china")) == 2
        assert result.filing.run is not None
    assert read_tree(sorted_photos) == before


def test_a_plan_is_saved_and_applied(sorted_photos, tmp_path):
    """`plan` writes the moves and moves nothing; `apply` carries them out."""
    plan = tmp_path / "plan.csv"
    before = names(sorted_photos)
    query = sorted_photos / "china"
    result = imgsort.find(sorted_photos, query=query, top=2, plan=plan, **LITE)
    assert names(sorted_photos) == before
    imgsort.apply(plan)
    assert {f"china/{path.rpartition('/')[2]}" for path in paths(result)} <= set(names(sorted_photos))


def test_the_table_can_be_read_back(kinds, tmp_path):
    """The CSV holds each match, also one whose name a spreadsheet would take for a formula; no file is overwritten."""
    folder, shown = kinds
    collection = tmp_path / "collection"
    collection.mkdir()
    shutil.copy(folder / next(path for path, kind in shown.items() if kind == "china"), collection / "=1+1;%.jpg")
    table = tmp_path / "found.csv"
    result = imgsort.find(collection, query=folder / "china", csv=table, distance=2.0, same_scene=True, **LITE)
    rows = [row for _, row in read_csv(table, ("file", "distance"))]
    assert [(row["file"], float(row["distance"])) for row in rows] == [(m.path, m.distance) for m in result.matches]
    assert paths(result) == ["=1+1;%.jpg"]
    with open(table, encoding="utf-8-sig") as handle:
        assert next(iter(csv.DictReader(handle)))["file"] == "%3D1+1%3B%25.jpg"
    with pytest.raises(UsageError, match="overwrites no file"):
        imgsort.find(collection, query=folder / "china", csv=table, **LITE)


def test_the_study_holds_the_query_apart_from_what_is_found(kinds):
    """Whoever listens gets the matches, in order, with their features, and the images that were looked for."""
    folder, shown = kinds
    hearing = Hearing()
    query = folder / next(iter(shown))
    result = imgsort.find(folder, query=query, top=4, listener=hearing, **LITE)
    (study,) = hearing.studies
    assert [file.path for file in study.files] == paths(result)
    assert study.matrix.shape == (4, 1280)
    assert [file.path for file in study.asked.files] == [str(query.resolve())]
    assert study.placements == ()


def test_json_has_the_matches(kinds):
    """The object has the keys of a command that files, and query and matches beside them."""
    folder, shown = kinds
    query = folder / next(iter(shown))
    result = imgsort.find(folder, query=query, top=2, **LITE).to_json()
    assert result["command"] == "find"
    assert result["query"] == [str(query)]
    assert [sorted(match) for match in result["matches"]] == [["distance", "path"]] * 2
