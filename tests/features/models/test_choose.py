import dataclasses
import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest

from imgsort.errors import DownloadError, UsageError, WeightsError
from imgsort.features.models.backbones import ALWAYS_THERE, BACKBONES
from imgsort.features.models.choose import ChosenModel, choose_model
from imgsort.features.weights.fetching import Fetching
from imgsort.features.weights.published import PublishedWeights

BODY = b"weights " * 1000

pytestmark = pytest.mark.usefixtures("online", "own_folder")


@pytest.fixture
def notices() -> list[str]:
    return []


@pytest.fixture
def bars() -> list[str]:
    """The models for which a progress bar was requested."""
    return []


@pytest.fixture
def choose(notices, bars) -> Callable[..., ChosenModel]:
    def choose(name: str | None, default: str = "vgg16", weights: Path | None = None) -> ChosenModel:
        return choose_model(name, default, weights, Fetching(notices.append, bars.append))

    return choose


@pytest.fixture
def tiny_vgg16(monkeypatch) -> PublishedWeights:
    """Weights of a few bytes in place of VGG16's weights of 59 million bytes."""
    weights = PublishedWeights("vgg16/tiny.h5", hashlib.md5(BODY).hexdigest())
    monkeypatch.setitem(BACKBONES, "vgg16", dataclasses.replace(BACKBONES["vgg16"], weights=weights))
    return weights


@pytest.mark.parametrize("default", ["vgg16", "resnet50"])
def test_a_default_out_of_reach_is_stood_in_for(choose, notices, default):
    """Without a network, the model that is always there replaces the default model.

    The result records this. The notice says why, and how to choose a model explicitly.
    """
    model = choose(None, default)
    assert (model.backbone.name, model.fallback, model.origin) == (ALWAYS_THERE, default, "imagenet")
    assert model.sha256 == model.backbone.weights.sha256
    assert model.weights.path == model.backbone.weights.file
    notice = notices[-1]
    assert notice.startswith(f"the weights of {default} are not here and http://127.0.0.1:")
    for part in ("cannot be fetched", f"--model {ALWAYS_THERE}", f"imgsort models pull {default}"):
        assert part in notice


def test_a_default_whose_host_answers_an_error_is_stood_in_for(choose, notices, weights_host):
    """A host that answers with an error is treated like a missing host."""
    weights_host.answer = weights_host.sends(b"", status=500)
    assert choose(None).fallback == "vgg16"
    assert "HTTP 500" in notices[0]


def test_a_model_asked_for_is_never_stood_in_for(choose, notices):
    """With --model, a host that cannot be reached is an error that says what to do."""
    with pytest.raises(DownloadError, match=r"--model vgg16: .* --weights, or use --model efficientnet-lite0"):
        choose("vgg16")
    assert not any("is used instead" in notice for notice in notices)


@pytest.mark.parametrize("name", [None, "vgg16"])
def test_a_wrong_hash_is_never_a_fallback(choose, notices, weights_host, name):
    """If the host sends a wrong file, this is an error, with --model and with the default model."""
    weights_host.answer = weights_host.sends(b"something else")
    with pytest.raises(WeightsError, match="not the file that Keras publishes") as caught:
        choose(name)
    assert caught.type is WeightsError
    assert not any("is used instead" in notice for notice in notices)


@pytest.mark.usefixtures("tiny_vgg16")
@pytest.mark.parametrize("name", [None, "vgg16"])
def test_a_default_within_reach_is_fetched_and_used(choose, notices, bars, weights_host, name):
    """Weights are fetched once, with a progress bar. After that, there is no bar and no request."""
    weights_host.answer = weights_host.sends(BODY)
    first, second = choose(name), choose(name)
    assert first == second
    assert first.backbone.name == "vgg16"
    assert (first.origin, first.fallback) == ("imagenet", None)
    assert first.sha256 == hashlib.sha256(BODY).hexdigest()
    assert (bars, len(weights_host.requests), notices) == (["vgg16"], 1, [])


def test_the_model_that_is_always_there_needs_nothing(choose, notices, bars):
    """EfficientNet-Lite0 needs no network, and there is no notice about it."""
    model = choose(ALWAYS_THERE)
    assert (model.backbone.name, model.fallback) == (ALWAYS_THERE, None)
    assert (notices, bars) == ([], [])


def test_weights_brought_by_hand_are_used(choose, notices, tmp_path):
    """A given weights file is used, for the named model or the default, and no host is asked.

    The hash of the file is recorded.
    """
    (tmp_path / "mine.h5").write_bytes(BODY)
    for name, expected in ((None, "vgg16"), ("resnet50", "resnet50")):
        model = choose(name, weights=tmp_path / "mine.h5")
        assert model.backbone.name == expected
        assert (model.weights.path, model.origin) == (tmp_path / "mine.h5", str(tmp_path / "mine.h5"))
        assert model.sha256 == hashlib.sha256(BODY).hexdigest()
        assert model.fallback is None
        assert model.weights.source == "own file"
    assert notices == []


def test_missing_weights_brought_by_hand_are_an_error(choose, tmp_path):
    """A given file that does not exist is an error. The default's own weights do not replace it."""
    with pytest.raises(WeightsError, match=r"mine\.h5: the file of weights cannot be read"):
        choose(None, weights=tmp_path / "mine.h5")


@pytest.mark.parametrize("name", ["vgg19", "VGG16", " "])
def test_an_unknown_model_is_a_usage_error(choose, name):
    """The error for an unknown name repeats it, and lists the names in the table."""
    with pytest.raises(
        UsageError, match=rf"no model '{name}'; there are vgg16, resnet50, resnet50v2, inceptionv3, efficientnet-lite0"
    ):
        choose(name)
