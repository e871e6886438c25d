"""What the version before wrote is still read: runs, categories, classifiers and the feature cache.

The files in `v1` are that version's own; `make_files.py` says how they came to be. A checkout gives them other
devices, inodes and times, and makes of two names of one file two files: the tests set times and links again.
"""

import json
import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import imgsort
from imgsort.features.cache.feature_cache import FeatureCache
from imgsort.features.extraction import prepare_extraction
from imgsort.features.models.pooled_model import PooledModel
from imgsort.features.runtimes.conversion.convert import conversion_key
from imgsort.images.decoding.decode import DEFAULTS, READER_VERSION, ReadSettings
from imgsort.images.judging.tiny_image import TINY_VERSION
from imgsort.learning.data.looks import looks_recipe
from tests.compatibility.make_files import FILES, LATER, PICTURES, WORKPLACE, picture
from tests.support.trees import names


def moves_of(root: Path) -> list[dict[str, object]]:
    """Return what the run files in `root` say of moves, the oldest run first."""
    files = sorted((root / ".imgsort" / "runs").glob("*.jsonl"))
    lines = [line for file in files for line in file.read_bytes().splitlines()]
    return [record for record in map(json.loads, lines) if record["type"] == "move"]


def laid_out(name: str, folder: Path) -> Path:
    """Copy a collection, its files as old as its runs say; names that were of one file are that again."""
    root = Path(shutil.copytree(FILES / name, folder / name))
    for state in root.rglob(".imgsort"):
        for file in (state / "runs").glob("*.jsonl"):
            file.write_bytes(file.read_bytes().replace(str(WORKPLACE).encode(), str(folder).encode()))
        for move in moves_of(state.parent):
            for place in (root / move["source"], root / "from" / move["source"], state.parent / move["target"]):
                if place.exists():
                    os.utime(place, ns=(move["mtime_ns"], move["mtime_ns"]))
            source, target = root / move["source"], root / move["target"]
            if source.exists() and target.exists():
                target.unlink()
                os.link(source, target)
    return root


def unsorted(kinds: int) -> set[str]:
    """Return the names of a folder of pictures before anything was sorted."""
    images = {f"{kind}{number}.jpg" for kind in PICTURES for number in range(kinds)}
    return images | {f"{kind}0.xmp" for kind in PICTURES}


@pytest.mark.skipif(not FILES.is_dir(), reason="needs the checkout")
class TestOldFiles:
    def test_old_runs_are_undone_one_by_one(self, tmp_path):
        """Outliers and categories go back to where they were, sidecars too, and every folder goes."""
        root = laid_out("sorted", tmp_path)
        before = sorted(names(root).values())
        assert [run.status for run in imgsort.history(root).runs] == ["done", "done"]
        assert imgsort.undo(root).refused == ()
        assert imgsort.undo(root).refused == ()
        assert set(names(root)) == unsorted(LATER)
        assert sorted(names(root).values()) == before

    def test_old_copies_are_undone_and_their_originals_stay(self, tmp_path):
        """A run in an output of its own is found there, and removes what it made alone."""
        root = laid_out("copied", tmp_path)
        originals = names(root / "from")
        assert imgsort.undo(root / "to").restored == len(unsorted(2))
        assert names(root / "to") == {}
        assert names(root / "from") == originals

    def test_an_old_run_that_was_killed_is_settled(self, tmp_path):
        """Links of a run that was killed are tidied by the next command, and undo takes back what was done."""
        root = laid_out("killed", tmp_path)
        assert len(names(root)) > len(unsorted(2))
        imgsort.undo(root)
        assert set(names(root)) == unsorted(2)

    def test_new_images_come_into_an_old_sorting(self, tmp_path):
        """Categories are known by their members, one of them under a name that a person gave it."""
        root = laid_out("sorted", tmp_path)
        homes = {path.partition("/")[2][:-5]: path.partition("/")[0] for path in names(root) if "1.jpg" in path}
        (root / homes["red"]).rename(root / "Red ones")
        for kind in PICTURES:
            Image.fromarray(picture(kind, LATER)).save(root / f"{kind}{LATER}.jpg", quality=85)
        result = imgsort.categorize(root, update=True)
        found = {move.source: move.target.partition("/")[0] for move in result.moves}
        assert found == {f"{kind}{LATER}.jpg": "Red ones" if kind == "red" else homes[kind] for kind in PICTURES}

    def test_an_old_classifier_says_what_it_said(self, tmp_path, monkeypatch):
        """Classes, probabilities and distances of single files, and what Keras makes of the same file."""
        shutil.copytree(FILES / "classes", tmp_path / "classes")
        monkeypatch.chdir(tmp_path)
        expected = json.loads((FILES / "predictions.json").read_text(encoding="ascii"))
        found = imgsort.predict([row["path"] for row in expected], classifier=FILES / "small.keras").predictions
        for row, prediction in zip(expected, found, strict=True):
            assert [guess.name for guess in prediction.guesses] == [guess["class"] for guess in row["classes"]]
            confidences = [guess["confidence"] for guess in row["classes"]]
            assert [guess.confidence for guess in prediction.guesses] == pytest.approx(confidences, abs=1e-3)
            assert prediction.distance == pytest.approx(row["distance"], abs=1e-3)
        explained = imgsort.explain(expected[0]["path"], classifier=FILES / "small.keras")
        assert explained.guess.name == expected[0]["class"]

    def test_an_old_cache_is_read_by_recipe_and_content(self, own_folder):
        """Every row that the cache holds is found under the recipe that it was kept by, by the hash of a file."""
        shutil.copytree(FILES / "cache", own_folder)
        with closing(sqlite3.connect(own_folder / "features.sqlite")) as database:
            rows = database.execute(
                "SELECT recipes.recipe, content, numbers FROM features JOIN recipes ON features.recipe = id"
            ).fetchall()
        assert len({recipe for recipe, _, _ in rows}) == 3
        for recipe, content, numbers in rows:
            with closing(FeatureCache(recipe, notice=pytest.fail)) as cache:
                assert np.array_equal(cache.features_of(content.hex()), np.frombuffer(numbers, "<f4"))

    def test_recipes_are_written_as_they_were(self, lite_model):
        """All of a recipe but the versions of reader and runtime: another word in it and nothing is found again."""
        with closing(sqlite3.connect(FILES / "cache" / "features.sqlite")) as database:
            recipes = [recipe for (recipe,) in database.execute("SELECT recipe FROM recipes ORDER BY id")]
        old = json.loads(recipes[0])
        found = prepare_extraction(
            PooledModel(lite_model, 32),
            DEFAULTS,
            notice=lambda text: None,
            device="cpu",
            precision="float32",
            runtime="litert",
        )
        new = json.loads(found.recipe)
        # The versions of what runs the model differ. This model gets images that are shrunk in another way since then.
        assert new.pop("square") == {"size_px": 32, "fit": "letterbox", "averaged_from": 1.5}
        # The reader has learned of colours and of grounds since then, so no picture is what it was.
        assert new["reader"] == READER_VERSION > old["reader"]
        made_as_then = {**new, "made_of": old["made_of"], "reader": old["reader"]}
        assert made_as_then == old
        assert json.dumps(made_as_then, sort_keys=True) == recipes[0]
        looks = looks_recipe(ReadSettings()).replace(f"reader {READER_VERSION}", "reader 1")
        # A tiny image is kept beside the hash since then.
        assert looks.replace(f" and tiny image {TINY_VERSION}", "") == recipes[1]

    def test_converted_models_are_found_under_their_old_key(self, lite_model):
        """The key of a converted model, its versions aside, is what it was."""
        key = conversion_key(PooledModel(lite_model, 32), "int8").split(" ")
        assert " ".join(key[:-3]) == (
            "efficientnet-lite0 579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db 32 avg "
            "Preparation(mean_rgb=(127.0, 127.0, 127.0), divisor=128.0, is_bgr=False) int8"
        )
