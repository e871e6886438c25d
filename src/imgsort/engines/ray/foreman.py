"""Runs a pipeline on the cluster, for a driver that is connected through Ray's client server.

Ray Data does not run in such a driver.
"""

from collections.abc import Iterator, Sequence

from imgsort.engines.ray.pipeline import Pipeline
from imgsort.errors import ImgsortError
from imgsort.features.seen import SeenImage


class Foreman:
    """An actor without a model: it runs a pipeline, and hands out its results one after the other."""

    def __init__(self, pipeline: Pipeline, blocks: Sequence[bytes]) -> None:
        self._results = pipeline.results(blocks)

    def next(self) -> list[SeenImage] | Exception | None:
        """Return some results, or the error that ends the work, or None at the end."""
        try:
            return next(self._results, None)
        except (ImgsortError, OSError) as error:
            return error


def results_by_foreman(pipeline: Pipeline, blocks: Sequence[bytes]) -> Iterator[list[SeenImage]]:
    """Yield the same as `pipeline.results`, and raise the same."""
    import ray

    foreman = ray.remote(num_cpus=0)(Foreman).remote(pipeline, blocks)
    coming = foreman.next.remote()
    while (found := ray.get(coming)) is not None:
        if isinstance(found, Exception):
            raise found
        coming = foreman.next.remote()
        yield found


def is_client() -> bool:
    """Say whether this process is connected through Ray's client server."""
    from ray.util.client import ray as client

    return bool(client.is_connected())
