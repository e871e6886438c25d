"""Thumbnails of a collection: made while its images are read, from the cache, or by reading the images once more."""

import io
import json
import os
import threading
import zlib

import numpy as np
import pytest
from PIL import Image

import imgsort
from imgsort.features.cache.thumbnail_cache import ThumbnailCache, ThumbnailsInMemory
from imgsort.images.finding.find import find_images
from imgsort.images.judging.inspect import inspect
from imgsort.jobs import thumbnails as module
from imgsort.jobs.listener import Listener, Remembering
from imgsort.jobs.thumbnails import Thumbnails
from tests.support.pictures import encode, gradient


class Collecting(Listener):
    """Makes thumbnails, and keeps what it hears."""

    def __init__(self, made):
        self.made = made
        self.study = None
        self.steps = []

    def thumbnails(self):
        return self.made

    def studied(self, study):
        self.study = study

    def progress(self, task, done, total):
        self.steps.append((task, done, total))


@pytest.fixture
def photos(tmp_path, request):
    """A folder with six pictures, one of which is stored on its side, a copy, and a file that is cut short.

    Each test has pictures of its own, because the tests share a cache.
    """
    folder = tmp_path / "photos"
    folder.mkdir()
    random = np.random.default_rng(zlib.crc32(request.node.name.encode()))

    def picture(height, width):
        return np.clip(gradient(height, width).astype(int) + random.integers(-60, 60, 3), 0, 255).astype(np.uint8)

    for number in range(4):
        (folder / f"{number}.jpg").write_bytes(encode(picture(480, 640), "JPEG", quality=95))
    (folder / "side.jpg").write_bytes(encode(picture(480, 640), "JPEG", 6, quality=95))
    (folder / "large.png").write_bytes(encode(picture(600, 800), "PNG"))
    (folder / "copy.jpg").write_bytes((folder / "0.jpg").read_bytes())
    (folder / "damaged.jpg").write_bytes((folder / "1.jpg").read_bytes()[:500])
    return folder


def size_of(webp):
    with Image.open(io.BytesIO(webp)) as image:
        return image.size


def refuse(*arguments):
    raise AssertionError("an image was read once more")


def run(command, folder, listener, **options):
    return getattr(imgsort, command)(folder, dry_run=True, listener=listener, **options)


OPTIONS = {
    "categorize": {"clusters": 2, "model": "efficientnet-lite0"},
    "find_outliers": {"model": "efficientnet-lite0"},
    "check": {},
}


@pytest.mark.parametrize("command", OPTIONS)
def test_they_are_made_while_images_are_read(photos, command, monkeypatch):
    """Each readable image has a thumbnail when a command ends, and no image is read twice for it."""
    with_thumbnails = Collecting(Thumbnails(ThumbnailsInMemory()))
    run(command, photos, with_thumbnails, **OPTIONS[command])
    study = with_thumbnails.study
    assert len(study.files) == 7
    monkeypatch.setattr(module, "bytes_of", refuse)
    found = with_thumbnails.made.all_of(photos, study.files, study.contents)
    sizes = {file.name: size_of(webp) for file, webp in zip(study.files, found, strict=True)}
    assert all(max(size) == 192 for size in sizes.values())
    assert sizes["side.jpg"][0] < sizes["side.jpg"][1]
    assert sizes["0.jpg"][0] > sizes["0.jpg"][1]


@pytest.mark.parametrize("command", OPTIONS)
def test_the_result_is_the_same_with_and_without_them(photos, command):
    """The features, the plan and the findings are the same, bit for bit, with and without thumbnails."""
    seen = []
    for made in (None, Thumbnails(ThumbnailsInMemory())):
        listener = Collecting(made)
        cache = {} if command == "check" else {"cache": False}
        result = run(command, photos, listener, **OPTIONS[command], **cache)
        matrix = listener.study.matrix
        told = {key: value for key, value in result.to_json().items() if key != "notices"}
        seen.append((json.dumps(told), None if matrix is None else matrix.tobytes(), listener.steps))
    assert seen[0] == seen[1]


def test_from_the_cache(photos, monkeypatch):
    """The next run finds the thumbnails in the cache, beside the features, and reads no image."""
    for _ in range(2):
        listener = Collecting(Thumbnails(ThumbnailCache(notice=pytest.fail)))
        run("categorize", photos, listener, **OPTIONS["categorize"])
        found = listener.made.all_of(photos, listener.study.files, listener.study.contents, refuse)
        assert None not in found
        listener.made.close()
        monkeypatch.setattr(module, "bytes_of", refuse)


def test_features_from_the_cache_without_thumbnails(photos):
    """If only the features are kept, the images are read once more for thumbnails, in order and with progress."""
    os.utime(photos / "0.jpg", (10**9, 10**9))
    run("categorize", photos, None, **OPTIONS["categorize"])
    listener = Collecting(Thumbnails(ThumbnailsInMemory()))
    run("categorize", photos, listener, **OPTIONS["categorize"])
    steps = []
    study = listener.study
    found = listener.made.all_of(photos, study.files, study.contents, lambda *step: steps.append(step))
    assert steps == [(done, 7) for done in range(1, 8)]
    fresh = Thumbnails(ThumbnailsInMemory())
    assert found == [fresh.of(photos, file, content) for file, content in zip(study.files, study.contents, strict=True)]
    assert None not in found
    assert listener.made.all_of(photos, study.files, study.contents, refuse) == found


def test_images_without_one(photos):
    """An image that cannot be read, that is gone or that has other bytes by now has no thumbnail."""
    (photos / "gone.jpg").write_bytes(encode(gradient(), "JPEG"))
    files = find_images(photos).files
    contents = {file.name: inspect(photos, file, module._READ).content for file in files}
    (photos / "gone.jpg").unlink()
    (photos / "3.jpg").write_bytes((photos / "2.jpg").read_bytes())
    (photos / "damaged.jpg").write_bytes(b"\xff\xd8\xff\xe0" + bytes(50))
    made = Thumbnails(ThumbnailsInMemory())
    without = {file.name for file in files if made.of(photos, file, contents[file.name]) is None}
    assert without == {"3.jpg", "damaged.jpg", "gone.jpg"}


def test_many_images_come_one_part_at_a_time(photos, monkeypatch):
    """The thumbnails of many images are given in order. Parts of them do not change the result or the progress."""
    files = [file for file in find_images(photos).files if file.name != "damaged.jpg"]
    contents = [inspect(photos, file, module._READ).content for file in files]
    whole = Thumbnails(ThumbnailsInMemory()).all_of(photos, files, contents)
    monkeypatch.setattr(module, "_IMAGES_AT_A_TIME", 3)
    steps = []
    in_parts = Thumbnails(ThumbnailsInMemory()).each_of(photos, files, contents, lambda *step: steps.append(step))
    assert next(in_parts) == whole[0]
    assert list(in_parts) == whole[1:]
    assert steps[-1] == (7, 7)
    assert Thumbnails(ThumbnailsInMemory()).all_of(photos, [], []) == []


def test_threads_may_ask_at_once(photos):
    """Several threads may ask for thumbnails while others are made."""
    files = find_images(photos).files
    contents = [inspect(photos, file, module._READ).content for file in files]
    made = Thumbnails(ThumbnailsInMemory())
    found = []
    threads = [threading.Thread(target=lambda: found.append(made.all_of(photos, files, contents))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [found[0]] * 4


def test_a_listener_that_wants_none():
    """By default nobody makes thumbnails. A listener that passes things on passes this on too."""
    assert Listener().thumbnails() is None
    assert Remembering(None).thumbnails() is None
    made = Thumbnails(ThumbnailsInMemory())
    assert Remembering(Collecting(made)).thumbnails() is made
    assert Remembering(Collecting(made)).onlooker == made.see
