"""The Ray engine: joins a Ray, asks its machines, and gives them the images in waves."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from imgsort.engines.ray.blocks import blocks_of, images_in_block
from imgsort.engines.ray.connection.cluster import connected
from imgsort.engines.ray.crew import Crew, ask_machines, crew_of
from imgsort.engines.ray.foreman import is_client, results_by_foreman
from imgsort.engines.ray.pipeline import Pipeline
from imgsort.engines.ray.work import WritePart
from imgsort.features.dataset.place import FolderPlace
from imgsort.features.dataset.writer import DatasetWriter
from imgsort.features.engine import Images, Known, nothing_known
from imgsort.features.extraction import Extraction
from imgsort.features.seen import SeenImage
from imgsort.images.decoding.decoded import Onlooker, nobody

# The images of a wave are listed in Ray's store at once, at some hundred bytes each. Actors begin anew with each wave.
_IMAGES_IN_WAVE = 1_000_000
_ROWS_IN_PART = 256, 2048
_PARTS_OF_WORKER = 8


@dataclass(frozen=True)
class RayEngine:
    """Looks at images with the workers of a Ray: its own, or that of a cluster at an `address`.

    `notice`: is told that Ray starts or is joined, which takes seconds, and how many workers look.
    """

    address: str | None
    notice: Callable[[str], None]
    name: str = "ray"

    def see(
        self,
        images: Images,
        numbers: Sequence[int],
        extraction: Extraction,
        *,
        known: Known = nothing_known,
        onlooker: Onlooker = nobody,
    ) -> Iterator[Sequence[SeenImage]]:
        """Yield the results as they come. Neither `known` nor `onlooker` is asked.

        Raises EngineError, MissingPackageError, WeightsError and DeviceError.
        """
        return self._seen(images, numbers, extraction, None)

    def see_into(
        self,
        dataset: DatasetWriter,
        images: Images,
        numbers: Sequence[int],
        extraction: Extraction,
        *,
        known: Known = nothing_known,
        onlooker: Onlooker = nobody,
    ) -> Iterator[Sequence[SeenImage]]:
        """Do the same, and let the workers write the results into the dataset, if all of them see its folder.

        Otherwise this process writes them, as they come.
        """
        return self._seen(images, numbers, extraction, dataset)

    def _seen(
        self, images: Images, numbers: Sequence[int], extraction: Extraction, dataset: DatasetWriter | None
    ) -> Iterator[Sequence[SeenImage]]:
        if not numbers:
            return
        self.notice("Ray starts." if self.address is None else f"joining the Ray cluster at {self.address}.")
        with connected(self.address) as ray:
            crew = crew_of(ray, extraction.way.device)
            place = None if dataset is None else dataset.place
            folder = place.folder if isinstance(place, FolderPlace) else None
            is_seen = ask_machines(ray, extraction.way, folder) or (place is not None and folder is None)
            looks = "1 Ray worker looks" if crew.workers == 1 else f"{crew.workers} Ray workers look"
            self.notice(f"{looks} at the images, on {crew.has}.")
            if dataset is not None and not is_seen:
                self.notice(f"{dataset.place}: not all machines of the Ray cluster see it, so this one writes to it.")
            writes = WritePart(dataset.place, dataset.head) if dataset is not None and is_seen else None
            model = extraction.model.square, ray.put(extraction.extractor), extraction.extractor.made_of
            pipeline = Pipeline(crew, extraction.read, *model, writes, _part_rows(numbers, crew))
            for results in _waves(pipeline, images, numbers):
                if dataset is not None and writes is None:
                    for seen in results:
                        dataset.put(images.files[seen.number], seen)
                yield results


def _waves(pipeline: Pipeline, images: Images, numbers: Sequence[int]) -> Iterator[list[SeenImage]]:
    size = images_in_block(pipeline.square.size_px)
    run = results_by_foreman if is_client() else Pipeline.results
    for start in range(0, len(numbers), _IMAGES_IN_WAVE):
        wave = numbers[start : start + _IMAGES_IN_WAVE]
        yield from run(pipeline, list(blocks_of(images, wave, size)))


def _part_rows(numbers: Sequence[int], crew: Crew) -> int:
    """Return how many rows a part of a dataset has: many, but not so many that much is lost if the run ends."""
    least, most = _ROWS_IN_PART
    return max(least, min(most, len(numbers) // (_PARTS_OF_WORKER * crew.workers)))
