"""`imgsort explain`: makes a picture that shows where in an image a classifier sees its class."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack

from imgsort.csv_file import require_new
from imgsort.errors import UnreadableImageError, UsageError
from imgsort.images.decoding.decode import ReadSettings, read_image
from imgsort.images.decoding.letterbox import Square
from imgsort.images.finding.find import ImageFile, named_file
from imgsort.jobs.learn.steps.predictions import Guess
from imgsort.jobs.results import start_of_json
from imgsort.jobs.session.placing import rounded
from imgsort.jobs.settings import ReadOptions, parted
from imgsort.learning.data.pixels import square_of
from imgsort.learning.network.explanation import class_activation, overlay
from imgsort.learning.network.training import predict
from imgsort.learning.result.classifier_file import load_classifier

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_SHOWN_PX = 1024


@dataclass(frozen=True)
class Explanation:
    """A picture that explains a class.

    `guess`: the class. `picture` shows the places that speak for it.
    `path`: the image, as the user named it.
    """

    path: str
    guess: Guess
    picture: Path

    def to_json(self) -> dict[str, Any]:
        """Return the object that `--json` prints."""
        return {
            **start_of_json("explain"),
            "path": self.path,
            "class": self.guess.name,
            "confidence": self.guess.confidence,
            "picture": str(self.picture),
        }


def explain(
    image: str | Path,
    *,
    classifier: str | Path,
    output: str | Path | None = None,
    name: str | None = None,
    **options: Unpack[ReadOptions],
) -> Explanation:
    """Write a PNG of `image` in which colour shows what speaks for its class, or for the class `name`.

    `output`: the new file. The default is `IMAGE_explained.png` in the current folder.
    Raises ImgsortError: ClassifierError, CollectionError, UnreadableImageError, UsageError.
    """
    from PIL import Image

    (read,) = parted(options, ReadSettings)
    picture = require_new(Path(output) if output is not None else Path(f"{Path(image).stem}_explained.png"))
    if picture.suffix.lower() != ".png":
        raise UsageError(f"{picture}: the picture is a PNG file. Give a name that ends in .png.")
    file = load_classifier(Path(classifier))
    classes = file.classifier.classes
    if name is not None and name not in classes:
        raise UsageError(f"class {name!r}: {file.path} knows {', '.join(classes[:20])}.")
    pixels, square = _pixels(named_file(Path(image)), file.classifier.network.size_px, read)
    network = file.load_network()
    probabilities = predict(network, square[None], 1)[0]
    label = int(probabilities.argmax()) if name is None else classes.index(name)
    guess = Guess(classes[label], rounded(probabilities[label]))
    heat = class_activation(network, file.classifier.head, square, label)
    shown = overlay(pixels, heat)
    with open(picture, "xb") as handle:
        Image.fromarray(shown).save(handle, format="PNG")
    return Explanation(str(image), guess, picture)


def _pixels(file: ImageFile, size_px: int, read: ReadSettings) -> "tuple[NDArray[np.uint8], NDArray[np.uint8]]":
    """Return the image as a person sees it, and as the network sees it. Raises UnreadableImageError."""
    try:
        shown = read_image(Path(), file, read, Square(_SHOWN_PX)).pixels
        return shown, square_of(Path(), file, size_px, read)
    except UnreadableImageError as error:
        raise UnreadableImageError(f"{file.path}: {error}") from error
