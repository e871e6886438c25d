"""Tests `models`: the list of models, and how one is fetched."""

import pytest

from imgsort.errors import DownloadError, UsageError
from imgsort.jobs.upkeep.models import list_models, pull_model


def test_the_list_says_what_is_there():
    """One of the five models is there without a download."""
    assert {row.name: row.present for row in list_models()} == {
        "vgg16": False,
        "resnet50": False,
        "resnet50v2": False,
        "inceptionv3": False,
        "efficientnet-lite0": True,
    }


def test_pulling():
    """A model that is there is found. A model that cannot be fetched and an unknown name are errors."""
    assert pull_model("efficientnet-lite0").is_file()
    with pytest.raises(DownloadError):
        pull_model("vgg16")
    with pytest.raises(UsageError):
        pull_model("vgg99")
