"""Draws where a classifier sees the class that it takes an image for, small enough for a page (Grad-CAM)."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from imgsort.errors import UnreadableImageError
from imgsort.images.decoding.decode import DEFAULTS, read_image
from imgsort.images.decoding.letterbox import Square
from imgsort.images.finding.find import ImageFile
from imgsort.learning.data.pixels import square_of
from imgsort.learning.network.explanation import class_activation, overlay
from imgsort.learning.result.classifier_file import load_classifier

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def heat_pictures(
    classifier: Path, root: Path, taken_for: Mapping[ImageFile, str], side_px: int
) -> "dict[str, NDArray[np.uint8]]":
    """Return a picture, uint8 (h, w, 3) RGB, for each image of `root` and the class that it is taken for, by path.

    An image that can no longer be read has none. Raises ClassifierError.
    """
    file = load_classifier(classifier)
    network, classes = file.load_network(), file.classifier.classes
    pictures = {}
    for image, name in taken_for.items():
        try:
            shown = read_image(root, image, DEFAULTS, Square(side_px)).pixels
            square = square_of(root, image, file.classifier.network.size_px, DEFAULTS)
        except UnreadableImageError:
            continue
        heat = class_activation(network, file.classifier.head, square, classes.index(name))
        pictures[image.path] = overlay(shown, heat)
    return pictures
