"""Hosts that were unreachable a short while ago are not asked again for a while."""

import os
import time

import pytest

from imgsort.errors import DownloadError, UnreachableError
from imgsort.features.weights.unreachable import REMEMBERED_SECONDS, asking, unreachable_folder

HOST = "https://host.example"


def fail_to_reach(host=HOST):
    with pytest.raises(UnreachableError), asking(host, again=False):
        raise UnreachableError("no answer")


def is_asked(host=HOST, *, again=False):
    try:
        with asking(host, again=again):
            return True
    except DownloadError as error:
        assert f"{host} was unreachable a short while ago" in str(error)
        assert "`imgsort models pull`" in str(error)
        return False


@pytest.mark.usefixtures("own_folder")
class TestRemembering:
    def test_only_the_unreachable_host_is_remembered(self):
        """A host that did not answer is not asked again. Other hosts are."""
        assert is_asked()
        fail_to_reach()
        assert not is_asked()
        assert is_asked("https://other.example")

    def test_a_person_may_insist(self):
        """Somebody who asks again is answered. After a success the host is not remembered any more."""
        fail_to_reach()
        assert is_asked(again=True)
        assert is_asked()

    def test_another_error_is_not_remembered(self):
        """A host that answers with an error was reached."""
        with pytest.raises(DownloadError), asking(HOST, again=False):
            raise DownloadError("HTTP 404")
        assert is_asked()

    @pytest.mark.parametrize("age", [REMEMBERED_SECONDS + 5, -60])
    def test_it_is_forgotten_after_a_while(self, age):
        """The memory ends after some minutes. A time in the future, from a clock that was wrong, does not count."""
        fail_to_reach()
        (record,) = unreachable_folder().iterdir()
        os.utime(record, (time.time() - age, time.time() - age))
        assert is_asked()


def test_without_a_cache_nothing_is_remembered(tmp_path, monkeypatch):
    """If the cache folder cannot be made, every command asks again."""
    (tmp_path / "file").write_bytes(b"")
    monkeypatch.setenv("IMGSORT_CACHE_DIR", str(tmp_path / "file" / "cache"))
    fail_to_reach()
    assert is_asked()
