"""Tests where features are made, as a command is told, and the errors for options that do not go together."""

import pytest

from imgsort.engines.ray.engine import RayEngine
from imgsort.errors import DeviceError, UsageError
from imgsort.features.engine import LOCAL
from imgsort.jobs.learn.steps.settings import LearnSettings
from imgsort.jobs.settings import ModelSettings


@pytest.mark.parametrize("kind", [ModelSettings, LearnSettings])
@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"engine": "spark"}, "local or ray"),
        ({"ray_address": "auto"}, "needs --engine ray"),
        ({"engine": "ray", "ray_address": "10.0.0.1:6379"}, "auto or ray://HOST:PORT"),
        ({"engine": "ray", "ray_address": "ray://"}, "auto or ray://HOST:PORT"),
        ({"engine": "ray", "ray_address": "ray://head"}, "auto or ray://HOST:PORT"),
        ({"engine": "ray", "ray_address": "ray://head:port"}, "auto or ray://HOST:PORT"),
        ({"engine": "ray", "ray_address": "ray://:10001"}, "auto or ray://HOST:PORT"),
        ({"engine": "ray", "ray_address": ""}, "auto or ray://HOST:PORT"),
    ],
)
def test_wrong_options_are_errors(kind, options, words):
    """An unknown engine, and an address that nobody can have or that nothing uses, are errors."""
    with pytest.raises(UsageError, match=words):
        kind(**options)


def test_features_that_are_there_need_no_engine(tmp_path):
    """--features and --engine ray do not go together."""
    with pytest.raises(UsageError, match="leave out --engine"):
        ModelSettings(engine="ray", features=tmp_path)


def test_settings_choose_the_engine():
    """The default is the local engine, and training hands the engine on to the features of its head."""
    assert ModelSettings().chosen_engine(print) is LOCAL
    settings = LearnSettings(engine="ray", ray_address="auto").model_settings
    assert settings.chosen_engine(print) == RayEngine("auto", print)


def test_a_gpu_of_a_cluster_need_not_be_here(monkeypatch):
    """--device gpu with an address leaves the question to the cluster; without one, this machine needs a GPU."""
    monkeypatch.setattr("imgsort.features.runtimes.ways.cuda_device_count", lambda: 0)
    joined = ModelSettings(engine="ray", ray_address="auto")
    assert joined.has_gpu("gpu", print)
    assert not joined.has_gpu("auto", print)
    with pytest.raises(DeviceError):
        ModelSettings(engine="ray").has_gpu("gpu", print)
