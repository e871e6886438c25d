"""`imgsort export`: writes a classifier in another format, and checks that it gives the same answers there."""

import contextlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack, get_args

from imgsort.csv_file import require_new
from imgsort.errors import CollectionError, ExportError, UnreadableImageError, UsageError
from imgsort.features.runtimes.conversion.calibration import calibration_squares
from imgsort.images.finding.find import find_images, require_folder
from imgsort.images.finding.leaving_out.rules import Rules
from imgsort.jobs.learn.steps.report import write_json
from imgsort.jobs.listener import Listener, Remembering
from imgsort.jobs.results import start_of_json
from imgsort.jobs.session.listing import and_left_out
from imgsort.jobs.settings import RuleOptions, parted
from imgsort.learning.data.pixels import square_of
from imgsort.learning.network.export import (
    MOST_DIFFERENCE,
    SUFFIXES,
    Format,
    export_network,
    largest_difference,
    remove_exported,
)
from imgsort.learning.result.classifier_file import ClassifierFile, load_classifier

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_SAMPLES = 16
_ENDS = {**SUFFIXES, "savedmodel": "_savedmodel"}


@dataclass(frozen=True)
class ExportResult:
    """What `export` wrote.

    `exported`: the new file or folder.
    `description`: a JSON file beside it, with the classes and the input.
    `difference`: the largest difference between a probability of the exported network and the same probability of the
    classifier, over `samples` images.
    `notices`: what was said about the folder of samples, or None if nobody gave one.
    """

    classifier: Path
    format: Format
    exported: Path
    description: Path
    samples: int
    difference: float
    notices: tuple[str, ...] | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the object that `--json` prints."""
        given = {name: value for name, value in vars(self).items() if value is not None}
        return {
            **start_of_json("export"),
            **{name: str(value) if isinstance(value, Path) else value for name, value in given.items()},
        }


def export(
    classifier: str | Path,
    *,
    format: Format,  # noqa: A002  # the option's name
    output: str | Path | None = None,
    samples: str | Path | None = None,
    listener: Listener | None = None,
    **options: Unpack[RuleOptions],
) -> ExportResult:
    """Write `classifier` as `savedmodel`, `onnx` or `tflite`, and a JSON file that describes its input and output.

    `output`: the new file, or the new folder for `savedmodel`. By default it has the classifier's name.
    `samples`: a folder of images on which the answers are compared. The default is crops of two photographs that
    scikit-learn ships. The other options say which of its images count: those of
    `imgsort.jobs.settings.RuleOptions`.
    Raises ImgsortError: ClassifierError, CollectionError, ExportError, MissingPackageError, UsageError.
    """
    if format not in get_args(Format):
        raise UsageError(f"format {format!r}: it must be {', '.join(get_args(Format))}.")
    hearing = Remembering(listener)
    (rules,) = parted(options, Rules)
    source = Path(classifier)
    path = require_new(Path(output) if output is not None else source.with_name(source.stem + _ENDS[format]))
    if path.suffix != SUFFIXES[format] and format != "savedmodel":
        raise UsageError(f"{path}: give a name that ends in {SUFFIXES[format]}.")
    description = require_new(path.with_name(path.name + ".json"))
    file = load_classifier(source)
    pixels = _squares(samples, file.classifier.network.size_px, rules, hearing)
    network = file.load_network()
    try:
        export_network(network, format, path)
        difference = largest_difference(network, format, path, pixels)
        if not difference <= MOST_DIFFERENCE:
            raise ExportError(
                f"{path}: the exported network's probabilities differ by {difference:.2g} from the classifier's, "
                f"more than {MOST_DIFFERENCE:g}. It was removed. Try another format."
            )
        write_json(description, _description(file))
    except FileExistsError:  # somebody else made this file meanwhile
        raise
    except BaseException:
        remove_exported(path)
        raise
    notices = None if samples is None else tuple(hearing.notices)
    return ExportResult(source, format, path, description, len(pixels), difference, notices)


def _squares(samples: str | Path | None, size_px: int, rules: Rules, hearing: Remembering) -> "NDArray[np.uint8]":
    """Return the images on which the answers are compared, uint8 (n, size_px, size_px, 3).

    Raises CollectionError if no image can be read.
    """
    import numpy as np

    if samples is None:
        return calibration_squares(size_px, _SAMPLES)
    root = require_folder(Path(samples))
    listing = find_images(root, recursive=True, rules=rules)
    hearing.notice_of(listing.left_out)
    squares = []
    for file in listing.files[:_SAMPLES]:
        with contextlib.suppress(UnreadableImageError):
            squares.append(square_of(root, file, size_px))
    if not squares:
        raise CollectionError(
            f"{root}: none of its images can be read, of the first {_SAMPLES}.{and_left_out(listing)}"
        )
    return np.stack(squares)


def _description(file: ClassifierFile) -> dict[str, Any]:
    """Return what a person needs to use the exported network without imgsort."""
    classifier = file.classifier
    size_px = classifier.network.size_px
    two = len(classifier.classes) == 2
    return {
        "classes": list(classifier.classes),
        "input": f"float32 (n, {size_px}, {size_px}, 3), RGB, 0-255; scaled to fit the square, centred on black",
        "output": f"float32 (n, 1), the probability of {classifier.classes[1]!r}"
        if two
        else f"float32 (n, {len(classifier.classes)}), the probability of each class, in their order",
        "confidence": classifier.reference.confidence,
        "classifier": file.path.name,
        "classifier_sha256": file.sha256,
    }
