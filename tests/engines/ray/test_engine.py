"""The Ray engine, on a real Ray of two machines on loopback."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import imgsort
from imgsort.engines.ray.engine import RayEngine
from imgsort.errors import EngineError, WeightsError
from imgsort.features.dataset.head import DatasetHead
from imgsort.features.dataset.place import FolderPlace
from imgsort.features.dataset.reader import Dataset
from imgsort.features.dataset.writer import DatasetWriter
from imgsort.features.engine import FolderImages
from imgsort.features.runtimes.interface import Way
from imgsort.features.runtimes.tensorflow import TensorFlowExtractor
from imgsort.features.seen import SeenImage
from imgsort.images.finding.find import ImageFile
from tests.engines.ray.conftest import (
    CLIENT_PORT,
    SIDE_PX,
    OddImages,
    folder_images,
    processes_named,
    seen_by_ray,
    seen_locally,
)
from tests.support.pictures import encode, gradient
from tests.support.trees import make_tree

# Ray leaves the log files of its client server open.
pytestmark = pytest.mark.filterwarnings("ignore:unclosed file.*ray_client_server:ResourceWarning")

JOB = Path(__file__).resolve().parents[3] / "examples" / "cluster" / "sort_photos.sh"
PICTURES = 150
BAD = {
    "a_empty.jpg": b"",
    "b_text.jpg": b"text",
    "c_cut.png": encode(gradient(), "PNG")[:-30],
    "d_cut.jpg": encode(gradient(200, 300), "JPEG")[:900],
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Pictures in more than two blocks, and files that are none, also with a name that is no text."""
    root = tmp_path_factory.mktemp("folder")
    noise = np.random.default_rng(0)
    pictures = {
        f"p{number:03}.jpg": encode(noise.integers(0, 256, (70, 90, 3), np.uint8), "JPEG") for number in range(PICTURES)
    }
    make_tree(root, {**BAD, **pictures})
    with open(os.fsencode(root) + b"/odd\xff.jpg", "wb") as file:
        file.write(pictures["p000.jpg"])
    return root


def assert_same(found, expected, atol=1e-5):
    """The results are those of the local engine."""
    assert found.keys() == expected.keys()
    for number, seen in expected.items():
        assert (found[number].content, found[number].reason) == (seen.content, seen.reason)
        if seen.features is None:
            assert found[number].features is None
        else:
            np.testing.assert_allclose(found[number].features, seen.features, atol=atol)


def test_features_and_reasons_are_those_of_the_local_engine(cluster, folder, extraction):
    """Every image has one result, over two machines: the one of the local engine. A file that is gone is a row, too.

    No worker imports TensorFlow.
    """
    images = folder_images(folder)
    images = FolderImages(images.root, (*images.files, ImageFile("gone.jpg", 1, 1)))
    expected = seen_locally(images, extraction)
    assert sum(bool(seen.reason) for seen in expected.values()) == len(BAD) + 1
    assert_same(seen_by_ray(images, replace(extraction, extractor=Spy(extraction.extractor))), expected)


def test_real_photographs_and_hard_files_have_the_results_of_the_local_engine(cluster, shared_data, extraction):
    """Photographs and hard files: the same features to 1e-5, and the same reasons."""
    files = [
        ImageFile(path.relative_to(shared_data).as_posix(), path.stat().st_size, path.stat().st_mtime_ns)
        for part in ("caltech5", "awkward/files")
        for path in sorted((shared_data / part).rglob("*"))
        if path.is_file() and path.suffix != ".csv"
    ][-220:]
    images = FolderImages(shared_data, tuple(files))
    expected = seen_locally(images, extraction)
    assert any(seen.reason for seen in expected.values())
    assert_same(seen_by_ray(images, extraction), expected)


def test_photographs_have_the_categories_of_the_local_engine(cluster, photos):
    """Every photograph of the demo goes to the same category, whichever engine looks at it."""
    options = {"model": "efficientnet-lite0", "clusters": 6, "dry_run": True, "cache": False}
    local = imgsort.categorize(photos, **options)
    by_ray = imgsort.categorize(photos, engine="ray", ray_address="auto", **options)
    assert len(local.moves) > 90
    assert by_ray.moves == local.moves
    assert any("2 Ray workers look at the images" in notice for notice in by_ray.notices)


def test_a_killed_actor_changes_nothing(cluster, folder, extraction):
    """An actor that is killed in the middle is replaced: each image has one result, as if nothing had happened."""
    images = folder_images(folder)
    slow = OddImages(images.root, images.files, seconds=0.02)
    killed = threading.Thread(target=kill_one, args=("MapWorker",))
    killed.start()
    found = seen_by_ray(slow, extraction)
    killed.join()
    assert KILLED
    assert_same(found, seen_locally(images, extraction))


KILLED: list[int] = []


def kill_one(work: str) -> None:
    """Kill the first worker that does this work, a moment after it began."""
    KILLED.clear()
    deadline = time.monotonic() + 120
    while not KILLED and time.monotonic() < deadline:
        time.sleep(0.05)
        for pid in processes_named("ray::" + work)[:1]:
            time.sleep(0.3)
            with contextlib.suppress(ProcessLookupError):  # it had done its work
                os.kill(pid, signal.SIGKILL)
                KILLED.append(pid)


def test_workers_write_each_image_once_though_some_of_them_die(cluster, folder, extraction, tmp_path):
    """A killed worker and a poisonous image: the dataset has a row for each image, and the driver gets no features.

    The poisonous image is a row that says how it ends its process; the images beside it have their features.
    """
    images = folder_images(folder)
    deadly = ("p140.jpg",)
    odd = OddImages(images.root, images.files, seconds=0.02, deadly=deadly)
    place = FolderPlace(tmp_path / "features")
    killed = threading.Thread(target=kill_one, args=("MapBatches(ReadBlocks.read)",))
    killed.start()
    with DatasetWriter(place, DatasetHead(extraction.recipe, {}, "source", time.time_ns())) as writer:
        engine = RayEngine("auto", lambda text: None)
        results = [
            seen for batch in engine.see_into(writer, odd, range(len(images.files)), extraction) for seen in batch
        ]
    killed.join()
    assert KILLED
    assert all(seen.features is None for seen in results)
    expected = seen_locally(images, extraction)
    for number, file in enumerate(images.files):
        if file.path in deadly:
            expected[number] = SeenImage(number, reason="ends the process that decodes it, each time, by SIGSEGV")
    dataset = Dataset.opened(place)
    assert len(dataset) == dataset.path_count == len(images.files)
    rows = dataset.rows_of_paths([file.path for file in images.files])
    matrix = dataset.matrix(rows)
    in_dataset = {
        number: SeenImage(
            number,
            dataset.contents[row].tobytes().hex() if dataset.contents[row].any() else "",
            None if int(row) in dataset.reasons else matrix[number],
            dataset.reasons.get(int(row), ""),
        )
        for number, row in enumerate(rows)
    }
    assert_same(in_dataset, expected)
    said = {seen.number: (seen.content, seen.reason) for seen in results}
    assert said == {number: (seen.content, seen.reason) for number, seen in expected.items()}
    assert [name for name in os.listdir(place.folder) if name.startswith(".")] == []


def test_a_command_joins_a_cluster_from_outside(cluster, folder, tmp_path):
    """`--ray-address ray://`: the command that is no part of the cluster gives the result of the local engine."""
    model = ["--model", "efficientnet-lite0", "--size", str(SIDE_PX), "--precision", "float32"]
    outside = ["--engine", "ray", "--ray-address", f"ray://127.0.0.1:{CLIENT_PORT}"]
    results = []
    for name, options in (("local", []), ("outside", outside)):
        line = [sys.executable, "-m", "imgsort", "embed", folder, "--output", tmp_path / name, "--no-cache", "--json"]
        done = subprocess.run([*line, "--recursive", *model, *options], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        dataset = Dataset.opened(FolderPlace(tmp_path / name))
        told = json.loads(done.stdout)
        results.append((told["counts"], told["unreadable"], sorted(map(bytes, dataset.contents))))
    assert results[0] == results[1]


@pytest.mark.skipif(not JOB.is_file(), reason="needs the source")
def test_the_job_of_the_example_runs_on_the_cluster(cluster, folder, tmp_path):
    """`examples/cluster/sort_photos.sh` joins the cluster of its machine, makes all features there, and a plan."""
    line = ["sh", JOB, folder, tmp_path, "--model", "efficientnet-lite0", "--size", str(SIDE_PX), "--quiet"]
    environment = {
        **os.environ,
        "IMGSORT": f"{sys.executable} -m imgsort",
        "RAY_ADDRESS": cluster.get_runtime_context().gcs_address,
    }
    done = subprocess.run(line, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert f"imgsort apply {tmp_path}/plan.csv" in done.stdout
    assert (tmp_path / "plan.csv").read_text(encoding="utf-8").count(".jpg") > PICTURES
    dataset = Dataset.opened(FolderPlace(tmp_path / "dataset"))
    assert len(dataset) == PICTURES + len(BAD) + 1


def test_an_error_of_the_model_ends_the_work(cluster, folder, extraction):
    """A model that gives infinite numbers is an error as with the local engine, and no endless retry."""
    images = folder_images(folder).only(range(10, 14))
    with pytest.raises(WeightsError, match="infinite numbers"):
        seen_by_ray(images, replace(extraction, extractor=Infinite()))


def test_other_versions_on_a_machine_are_an_error(cluster, folder, extraction):
    """A worker whose runtime is another version makes no features."""
    images = folder_images(folder).only(range(10, 14))
    with pytest.raises(EngineError, match="the features would differ"):
        seen_by_ray(images, replace(extraction, extractor=OtherVersion()))


class Infinite:
    size_px, batch_size, made_of = 64, 4, "made of nothing"

    def extract(self, pixels):
        return np.full((len(pixels), 3), np.inf if pixels.any() else 0, np.float32)


class OtherVersion(Infinite):
    def __init__(self):
        self.tester = os.getpid()

    @property
    def made_of(self):
        return "new" if os.getpid() == self.tester else "old"


def test_an_actor_with_a_gpu_builds_the_model_from_what_travels(cluster, folder, extraction):
    """Where a GPU is asked for, one actor has it, and TensorFlow builds the model there; the tasks have none."""
    way = Way("tensorflow", "float32")
    images = folder_images(folder).only(range(2, 12))
    extractor = WithGpu(TensorFlowExtractor(extraction.model, way))
    on_gpu = replace(extraction, extractor=extractor, way=replace(way, device="gpu"))
    notices = []
    engine = RayEngine("auto", notices.append)
    found = {seen.number: seen for batch in engine.see(images, range(10), on_gpu) for seen in batch}
    assert_same(found, seen_locally(images, extraction), 1e-4)
    assert notices == ["joining the Ray cluster at auto.", "1 Ray worker looks at the images, on 1 GPU and 1 CPU."]


class Spy:
    """An extractor that fails where TensorFlow is loaded."""

    def __init__(self, extractor):
        self.extractor = extractor
        self.size_px, self.batch_size, self.made_of = extractor.size_px, extractor.batch_size, extractor.made_of

    def extract(self, pixels):
        import sys

        if {"tensorflow", "keras"} & set(sys.modules):
            raise WeightsError("TensorFlow is loaded")
        return self.extractor.extract(pixels)


class WithGpu(Spy):
    """An extractor that fails without a GPU of its own, or with weights that have not travelled."""

    def extract(self, pixels):
        if not os.environ["CUDA_VISIBLE_DEVICES"] or self.extractor._model.model.weights.data is None:
            raise WeightsError("no GPU, or weights from this machine")
        return self.extractor.extract(pixels)
