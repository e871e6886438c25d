"""Joins the work on blocks of images to one stream by Ray Data: read, extract, and write where that is wanted."""

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from imgsort.engines.ray.blocks import BLOCK, images_in_block, results_from
from imgsort.engines.ray.crew import Crew
from imgsort.engines.ray.witness import Witness
from imgsort.engines.ray.work import Extract, ReadBlocks, WritePart
from imgsort.errors import EngineError
from imgsort.features.seen import SeenImage
from imgsort.images.decoding.decode import ReadSettings
from imgsort.images.decoding.letterbox import Square


@dataclass(frozen=True)
class Pipeline:
    """The stream of work on a Ray that is connected. Only a few blocks are in memory at a time. It can be pickled.

    `read`, `square`: how images are read, and what the model sees of them.
    `model`: the extractor in Ray's store. `made_of`: what it is made of here.
    `writes`: writes the results, or None if their features are to come back.
    `part_rows`: how many rows a part of a dataset has.
    """

    crew: Crew
    read: ReadSettings
    square: Square
    model: Any
    made_of: str
    writes: WritePart | None = None
    part_rows: int = 1

    def results(self, blocks: Sequence[bytes]) -> Iterator[list[SeenImage]]:
        """Yield the results for the images of these blocks, in any order.

        Raises the errors that a worker expects, WeightsError, DeviceError, EngineError or OSError, and EngineError if
        Ray itself gives up.
        """
        from ray.exceptions import RayError

        with _settings():
            try:
                stream = self._stream(blocks)
                for columns in stream.iter_batches(batch_size=None, batch_format="numpy", prefetch_batches=1):
                    yield results_from(columns)
            except RayError as error:
                reason = " ".join(str(error).split())[-300:]
                raise EngineError(
                    f"Ray gave up ({reason}). What was kept is not made again: repeat the command."
                ) from error

    def _stream(self, blocks: Sequence[bytes]) -> Any:
        import ray
        from ray.data import ActorPoolStrategy, TaskPoolStrategy, from_items

        crew = self.crew
        # A batch is a block. With GPUs, Ray Data wants to be told how large that is.
        batch_size = images_in_block(self.square.size_px) if crew.gpus else None
        witness = ray.remote(num_cpus=0, max_restarts=-1, max_task_retries=-1)(Witness).remote()
        start = from_items([{BLOCK: block} for block in blocks], override_num_blocks=len(blocks))
        # A task or an actor whose worker died is begun again by Ray, without end. The witness knows when it is enough.
        stream = start.map_batches(
            ReadBlocks(self.read, self.square, witness).read,
            batch_size=None,
            num_cpus=crew.task_cpus,
        ).map_batches(
            Extract,
            batch_size=batch_size,
            num_cpus=crew.actor_cpus,
            num_gpus=crew.gpus,
            compute=ActorPoolStrategy(size=min(crew.workers, len(blocks))),
            fn_constructor_kwargs={
                "model": self.model,
                "made_of": self.made_of,
                "threads": crew.threads,
                "witness": witness,
            },
        )
        if self.writes is None:
            return stream
        return stream.map_batches(
            self.writes.write,
            batch_size=self.part_rows,
            num_cpus=0,
            compute=TaskPoolStrategy(size=crew.workers),
        )


@contextlib.contextmanager
def _settings() -> Iterator[None]:
    """Let Ray Data show nothing while the block runs."""
    from ray.data import DataContext

    context = DataContext.get_current()
    wanted = {"enable_progress_bars": False, "print_on_execution_start": False}
    before = {name: getattr(context, name) for name in wanted}
    for name, value in wanted.items():
        setattr(context, name, value)
    try:
        yield
    finally:
        for name, value in before.items():
            setattr(context, name, value)
