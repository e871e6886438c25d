"""Tests `models list` and `models pull` as a person types them."""

import json

from click.testing import CliRunner

from imgsort.cli import main
from imgsort.features.models.backbones import BACKBONES


def run(*arguments):
    return CliRunner().invoke(main, arguments)


def test_list():
    """Each model has a line, with its size and whether its weights are there."""
    lines = run("models", "list").stdout.splitlines()
    assert [line.split()[0] for line in lines] == [
        "vgg16",
        "resnet50",
        "resnet50v2",
        "inceptionv3",
        "efficientnet-lite0",
        "efficientnet-lite1",
        "efficientnet-lite2",
    ]
    assert "not there" in lines[0]
    assert "299 px" in lines[3]
    assert [row["present"] for row in json.loads(run("models", "list", "--json").stdout)["models"]] == [
        *(False, False, False, False),
        *(True, BACKBONES["efficientnet-lite1"].weights.found() is not None, True),
    ]


def test_pull():
    """A model that is there is named. A model that cannot be fetched gives exit code 1."""
    assert run("models", "pull", "efficientnet-lite0").stdout.startswith("efficientnet-lite0: ")
    assert json.loads(run("models", "pull", "efficientnet-lite0", "--json").stdout)["weights"].endswith(".pth")
    assert run("models", "pull", "resnet50").exit_code == 1
