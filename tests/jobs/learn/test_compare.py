"""Tests `compare`: it trains several models on one split, and also names the models that are not available."""

import json
import os

import pytest
from PIL import Image

from imgsort.csv_file import read_csv
from imgsort.errors import CollectionError, TooFewImagesError, UsageError
from imgsort.jobs.learn.compare import DEFAULT_MODELS, compare
from imgsort.jobs.learn.steps.settings import require_learnable
from imgsort.jobs.listener import Listener
from tests.support.classifiers import files_of, put
from tests.support.trees import make_tree, read_tree

SMALL = {"size": 32, "epochs": 1, "augment": "none"}
COLUMNS = ("model", "accuracy", "loss", "macro_f1", "parameters", "seconds", "images_per_second", "error")


def test_one_that_cannot_be_had_is_a_row_with_the_reason(two, tmp_path):
    """ResNet50V2 is a row with the reason, because its weights and the internet are missing.

    The other model has figures, and the report agrees with the result.
    """
    before = read_tree(two)
    result = compare(two, models=("resnet50v2", "cnn"), output=tmp_path / "report", **SMALL)
    missing, small = result.models
    assert (missing.model, small.model) == ("resnet50v2", "cnn")
    assert "--weights" in missing.error
    assert {value for name, value in vars(missing).items() if name not in ("model", "error")} == {None}
    assert any(notice.startswith("resnet50v2 is left out: ") for notice in result.notices)
    assert small.error == ""
    assert 0 <= small.accuracy <= 1 and 0 <= small.macro_f1 <= 1 and small.loss > 0
    assert small.parameters > 10_000 and small.seconds > 0 and small.images_per_second > 0
    assert sorted(os.listdir(result.report)) == ["comparison.csv", "comparison.json", "comparison.png"]
    rows = json.loads((result.report / "comparison.json").read_text())["models"]
    assert rows == [vars(row) for row in result.models] == json.loads(json.dumps(result.to_json()))["models"]
    table = [row for _, row in read_csv(result.report / "comparison.csv", COLUMNS)]
    assert table == [{k: "" if v is None else str(v) for k, v in vars(row).items()} for row in result.models]
    with Image.open(result.report / "comparison.png") as image:
        assert image.format == "PNG"
        image.load()
    assert read_tree(two) == before


def test_the_json_has_the_keys_that_scripts_rely_on(two):
    """If no model is available, there is still a result: a row and a notice, but no empty chart."""
    result = compare(two, models=("vgg16",), **SMALL)
    value = json.loads(json.dumps(result.to_json()))
    assert value.keys() == {"version", "command", "status", "collection", "models", "report", "unreadable", "notices"}
    assert (value["version"], value["command"], value["report"]) == (1, "compare", None)
    assert tuple(value["models"][0]) == COLUMNS


def test_ctrl_c_is_told_of(two):
    """A model whose training was interrupted does not look like a fully trained one."""

    class Impatient(Listener):
        def trained(self, row, total):
            raise KeyboardInterrupt

    try:
        result = compare(two, models=("cnn",), listener=Impatient(), **{**SMALL, "epochs": 5})
    except KeyboardInterrupt:
        return  # it may also end the whole command
    assert result.to_json()["status"] == "interrupted" or "interrupted" in result.models[0].error


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"models": ()}, "at least one"),
        ({"models": ("cnn", "cnn")}, "each model only once"),
        ({"models": ("cnn", "vgg99")}, "vgg99"),
        ({"split": (80, 20, 0)}, "third share"),
        ({"weights": "some.h5"}, "one model only"),
        ({"size": 8}, "from 32"),
    ],
)
def test_what_cannot_be_compared_is_a_usage_error(two, tmp_path, options, words):
    """The error comes before any training, and no report is written."""
    with pytest.raises(UsageError, match=words):
        compare(two, **{"models": ("cnn",), "output": tmp_path / "report", **options})
    assert os.listdir(tmp_path) == []


def test_folders_that_will_not_do(demo_photos, tmp_path):
    """A missing folder, no class and one class are errors. A report overwrites nothing."""
    put(files_of(demo_photos, "coffee")[:3], tmp_path / "one/coffee")
    make_tree(tmp_path, {"empty": None, "report/mine.txt": b"mine"})
    before = read_tree(tmp_path)
    for name, kind in [("nowhere", CollectionError), ("empty", CollectionError), ("one", TooFewImagesError)]:
        with pytest.raises(kind):
            compare(tmp_path / name, models=("cnn",), **SMALL)
    with pytest.raises(UsageError, match="exists"):
        compare(tmp_path / "one", models=("cnn",), output=tmp_path / "report", **SMALL)
    assert read_tree(tmp_path) == before


def test_the_default_models_can_be_trained():
    """Training knows the name of each default model."""
    assert "cnn" in DEFAULT_MODELS
    for name in DEFAULT_MODELS:
        if name != "cnn":
            require_learnable(name)
