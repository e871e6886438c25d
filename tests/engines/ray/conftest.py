"""A real Ray of two machines on this one, and images that are slow or end the process that reads them."""

import contextlib
import importlib.util
import os
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from imgsort.engines.ray.engine import RayEngine
from imgsort.features.engine import LOCAL, FolderImages, Images
from imgsort.features.extraction import Extraction, prepare_extraction
from imgsort.features.models.pooled_model import PooledModel
from imgsort.features.seen import SeenImage
from imgsort.images.decoding.decode import DEFAULTS
from imgsort.images.finding.find import find_images
from tests.conftest import closed_port
from tests.support.requirements import skip_or_fail

SIDE_PX = 64
CLIENT_PORT = closed_port()
_ENVIRONMENT = {
    "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_AUTH_MODE": "token",
    "RAY_AUTH_TOKEN": "5e" * 32,
}


@pytest.fixture(scope="module", autouse=True)
def need_ray() -> Iterator[None]:
    """Skip the tests of this folder where Ray is missing.

    Whichever test imports Ray first in this process, it reads the same variables: it looks at them only then.
    """
    if importlib.util.find_spec("ray") is None:
        skip_or_fail("ray", "needs Ray: pip install '.[ray]'")
    with pytest.MonkeyPatch.context() as patch:
        for name, value in _ENVIRONMENT.items():
            patch.setenv(name, value)
        importlib.import_module("ray")
        yield


@pytest.fixture(scope="module")
def cluster(need_ray: None, cache_folder: Path) -> Iterator[Any]:
    """The module `ray`, connected to a cluster of two machines with one CPU each. One says that it has a GPU."""
    import ray
    from ray.cluster_utils import Cluster

    machine = {"num_cpus": 1, "object_store_memory": 150 * 1024**2, "node_ip_address": "127.0.0.1"}
    head = {**machine, "include_dashboard": False, "ray_client_server_port": CLIENT_PORT}
    made = Cluster(initialize_head=True, head_node_args=head)
    try:
        made.add_node(**machine, num_gpus=1)
        made.wait_for_nodes(timeout=600)
        ray.init(made.address, log_to_driver=False, logging_level="error")
        yield ray
    finally:
        ray.shutdown()
        made.shutdown()


@pytest.fixture(scope="module")
def extraction(lite_model: Any) -> Extraction:
    """A model that sees small squares."""
    options = {"notice": lambda text: None, "device": "cpu", "precision": "float32"}
    return prepare_extraction(PooledModel(lite_model, SIDE_PX), DEFAULTS, **options)


def psutil() -> Any:
    """Return the module that Ray brings along."""
    importlib.import_module("ray")
    return importlib.import_module("psutil")


def processes_named(beginning: str) -> list[int]:
    """Return the processes that this one has started, and those that they have, whose command line begins like this."""
    found = []
    for process in psutil().Process().children(recursive=True):
        with contextlib.suppress(psutil().NoSuchProcess):  # it has just ended
            if process.cmdline()[:1] and process.cmdline()[0].startswith(beginning):
                found.append(process.pid)
    return found


def folder_images(root: Path) -> FolderImages:
    return FolderImages(root, find_images(root, recursive=True).files)


def seen_by_ray(images: Images, extraction: Extraction) -> dict[int, SeenImage]:
    """Return the result for each image. None comes twice."""
    found: dict[int, SeenImage] = {}
    for results in RayEngine("auto", lambda text: None).see(images, range(len(images.files)), extraction):
        for seen in results:
            assert seen.number not in found
            found[seen.number] = seen
    return found


def seen_locally(images: Images, extraction: Extraction) -> dict[int, SeenImage]:
    batches = LOCAL.see(images, range(len(images.files)), extraction)
    return {seen.number: seen for batch in batches for seen in batch}


@dataclass(frozen=True)
class OddImages(FolderImages):
    """Images that take a while to read, of which some end the process that reads them, unless it is the test's."""

    seconds: float = 0.0
    deadly: tuple[str, ...] = ()
    tester: int = os.getpid()

    @contextlib.contextmanager
    def bytes_of(self, number: int) -> Iterator[tuple[bytes, str]]:
        if os.getpid() != self.tester:
            time.sleep(self.seconds)
            if self.files[number].path in self.deadly:
                os.kill(os.getpid(), signal.SIGSEGV)
        with super().bytes_of(number) as found:
            yield found

    def only(self, numbers: Any) -> "OddImages":
        chosen = tuple(self.files[number] for number in numbers)
        return OddImages(self.root, chosen, self.seconds, self.deadly, self.tester)
