"""`imgsort embed`: makes the features of a folder's images, and keeps them as a dataset for later commands."""

import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack

from imgsort.csv_file import encode_cell, require_new
from imgsort.errors import StrictError, UsageError
from imgsort.features.cache.feature_cache import FeatureCache, NoCache, opened_cache
from imgsort.features.dataset.head import DatasetHead
from imgsort.features.dataset.part import require_pyarrow
from imgsort.features.dataset.place import FolderPlace
from imgsort.features.dataset.reader import SUFFIX
from imgsort.features.dataset.writer import DatasetWriter
from imgsort.features.engine import Images, Known
from imgsort.features.extract import cached_images, kept_in
from imgsort.features.extraction import Extraction
from imgsort.features.models.backbones import BEST
from imgsort.features.seen import SeenImage
from imgsort.images.decoding.decode import ReadSettings
from imgsort.images.finding.find import Listing, Unreadable
from imgsort.images.finding.leaving_out.rules import Rules
from imgsort.jobs.listener import Listener, Remembering
from imgsort.jobs.results import ModelRecord, start_of_json
from imgsort.jobs.scale.arrays import write_arrays
from imgsort.jobs.scale.earlier import Earlier, Said
from imgsort.jobs.scale.sources import listed_at
from imgsort.jobs.session.extracting import extract_prepared, prepare_chosen
from imgsort.jobs.settings import ModelOptions, ModelSettings, RuleOptions, parted
from imgsort.storage.addresses import Address, local_place, place_of
from imgsort.temporary import can_write

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

ARRAYS_SUFFIX = ".npz"


class EmbedOptions(ModelOptions, RuleOptions, total=False):
    """Options that say how features are made, and which images count."""


@dataclass(frozen=True)
class EmbedResult:
    """What `embed` wrote.

    `output`: the folder of the dataset, or the file of NumPy.
    `images`: how many images have features there now. `there`: of how many of them the features were there before, if
    need be under another name. `cached`: how many came from the cache. The model looked at the rest.
    `others`: how many images with rows there are gone, or lie elsewhere. Their rows stay.
    """

    source: Path | Address
    output: Path
    model: ModelRecord
    unreadable: tuple[Unreadable, ...]
    notices: tuple[str, ...]
    images: int
    cached: int
    there: int = 0
    others: int = 0

    @property
    def made(self) -> int:
        """How many images the model looked at."""
        return self.images - self.there - self.cached

    def to_json(self) -> dict[str, Any]:
        """Return the object that `--json` prints."""
        return {
            **start_of_json("embed"),
            "source": str(self.source),
            "output": str(self.output),
            "model": vars(self.model),
            "counts": {
                "images": self.images,
                "there": self.there,
                "cached": self.cached,
                "made": self.made,
                "others": self.others,
                "unreadable": len(self.unreadable),
            },
            "unreadable": [vars(row) for row in self.unreadable],
            "notices": list(self.notices),
        }


def embed(
    source: str | Path | Address,
    *,
    output: str | Path,
    recursive: bool = False,
    strict: bool = False,
    listener: Listener | None = None,
    **options: Unpack[EmbedOptions],
) -> EmbedResult:
    """Make the features of the images of `source`, a folder or an address in an object store; write them to `output`.

    `output`: a folder of Parquet files, or a new file `NAME.npz` of NumPy. Images that have features in the folder
    already are not looked at again, unless their size or time differ. No image is changed.
    `strict`: raise StrictError at the end if an image cannot be read. What was written stays.
    Without a model, the one that groups best is taken. The other options are those of EmbedOptions. Raises
    CollectionError, UsageError, StrictError, WeightsError, DeviceError, DatasetError, MissingPackageError and OSError.
    """
    began_ns = time.time_ns()
    settings, read, rules = parted(options, ModelSettings, ReadSettings, Rules)
    if settings.features is not None:
        raise UsageError(f"--features {settings.features}: embed makes features, and takes none.")
    hearing = Remembering(listener)
    asked, path = place_of(source), local_place(output, "--output").absolute()
    place = _place(path) if path.suffix.lower() != ARRAYS_SUFFIX else None
    if not can_write(require_new(path).parent if place is None else path):
        raise UsageError(f"{path}: nothing can be written there. Give another --output.")
    root, listing, images = listed_at(asked, rules, recursive=recursive)
    hearing.notice_of(listing.left_out)
    if settings.model is None:
        settings = replace(settings, is_best=True)
    embedding = _Embedding(root, listing, images, settings, read, hearing, began_ns)
    result = embedding.arrays(path) if place is None else embedding.dataset(place)
    if strict and result.unreadable:
        row = result.unreadable[0]
        raise StrictError(
            f"{root}: {len(result.unreadable)} images cannot be read, the first is {row.path!r} ({row.reason}). "
            f"The features of the others are in {path}."
        )
    return result


def _place(folder: Path) -> FolderPlace:
    """Return the place of a dataset. Raises UsageError if other things lie there, and MissingPackageError."""
    require_pyarrow()
    if not folder.parent.is_dir():
        raise UsageError(f"{folder}: there is no folder {folder.parent}. Make it first.")
    if os.path.lexists(folder) and not folder.is_dir():
        raise UsageError(f"{folder}: this is a file. Give a folder, or the name of a new file that ends in .npz.")
    place = FolderPlace(folder)
    other = [name for name in place.names() if not name.endswith(SUFFIX)]
    if other:
        raise UsageError(f"{folder}: there is {other[0]!r}, which is no part of a dataset. Give a folder of its own.")
    return place


@dataclass(frozen=True)
class _Embedding:
    """One run of `embed` on the images that it listed."""

    root: Path | Address
    listing: Listing
    images: Images
    settings: ModelSettings
    read: ReadSettings
    hearing: Remembering
    began_ns: int

    def arrays(self, path: Path) -> EmbedResult:
        """Write all features to a file of NumPy."""
        prepared = prepare_chosen(self.settings, BEST, self.read, self.hearing)
        features = extract_prepared(prepared, self.images, self.settings, self.hearing, self.listing.unreadable)
        model = ModelRecord.of(prepared.model, prepared.way)
        write_arrays(path, self.root, features, model)
        counts = {"images": len(features.files), "cached": features.cached}
        return self._result(path, model, features.unreadable, counts)

    def dataset(self, place: FolderPlace) -> EmbedResult:
        """Write the features that a dataset does not have yet."""
        place.remove_unfinished()
        prepared = prepare_chosen(self.settings, BEST, self.read, self.hearing)
        extraction, model = prepared.extraction, ModelRecord.of(prepared.model, prepared.way)
        head = DatasetHead(extraction.recipe, vars(model), encode_cell(str(self.root)), self.began_ns)
        earlier = Earlier.opened(place, head)
        said, width = Said(), 0
        if earlier is not None:
            # With one recipe, only words differ, such as where the file of the weights lies. All parts say the same.
            head = replace(head, model=earlier.dataset.head.model)
            said = earlier.said_of(self.images, head.source, verify=self.settings.verify)
            width = earlier.dataset.width
        files, reasons = self.images.files, dict(said.reasons)
        missing = [number for number in range(len(files)) if number not in said.unchanged]
        there, cached, done = len(said.unchanged) - len(reasons), 0, len(said.unchanged)
        with DatasetWriter(place, head, width or None) as writer:
            for seen in self._seen(missing, extraction, writer, earlier):
                done += 1
                self.hearing.progress("reading", done, len(files))
                is_there = earlier is not None and seen.content in earlier.reused
                there, cached = there + (seen.is_known and is_there), cached + (seen.is_known and not is_there)
                if seen.reason:
                    reasons[seen.number] = seen.reason
        counts = {"images": len(files) - len(reasons), "there": there, "cached": cached, "others": said.others}
        unreadable = tuple(Unreadable(files[number].path, reasons[number]) for number in sorted(reasons))
        return self._result(place.folder, model, self.listing.unreadable + unreadable, counts)

    def _seen(
        self, missing: Sequence[int], extraction: Extraction, writer: DatasetWriter, earlier: Earlier | None
    ) -> Iterator[SeenImage]:
        """Yield the result for each missing image, after the writer has it."""
        with opened_cache(
            extraction.recipe, is_wanted=self.settings.cache, notice=self.hearing.notice, verify=self.settings.verify
        ) as cache:
            left = dict.fromkeys(missing)
            for seen in self._known(missing, cache, earlier):
                writer.put(self.images.files[seen.number], seen)
                del left[seen.number]
                yield seen
            engine = self.settings.chosen_engine(self.hearing.notice)
            seen_now = engine.see_into(
                writer,
                self.images,
                list(left),
                extraction,
                known=cache.features_of if earlier is None else _either(cache.features_of, earlier.features_of),
                onlooker=self.hearing.onlooker,
            )
            yield from kept_in(cache, self.images, seen_now)

    def _known(
        self, missing: Sequence[int], cache: FeatureCache | NoCache, earlier: Earlier | None
    ) -> Iterator[SeenImage]:
        """Yield the results for the missing images that need no engine."""
        found = set()
        for seen in cached_images(self.images, missing, cache):
            found.add(seen.number)
            yield seen
        if earlier is not None:
            yield from earlier.moved(self.images, [number for number in missing if number not in found])

    def _result(
        self, output: Path, model: ModelRecord, unreadable: tuple[Unreadable, ...], counts: dict[str, int]
    ) -> EmbedResult:
        return EmbedResult(
            self.root, output, model, unreadable=unreadable, notices=tuple(self.hearing.notices), **counts
        )


def _either(first: Known, second: Known) -> Known:
    """Return what asks the second only for what the first does not know."""

    def known(content: str) -> "NDArray[np.float32] | None":
        features = first(content)
        return second(content) if features is None else features

    return known
