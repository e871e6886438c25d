"""Lets a trained network give features. They are made and kept like the features of a backbone."""

from dataclasses import dataclass
from typing import Any

from imgsort.features.models.best_ways import IN_FLOAT32, BestWays
from imgsort.features.models.pooled_model import Pooling
from imgsort.features.models.preparation import Preparation
from imgsort.images.decoding.letterbox import Square
from imgsort.learning.network.networks import features_part
from imgsort.learning.result.classifier_file import ClassifierFile

# The network takes levels from 0 to 255. Its own layers do the rest.
_AS_IT_IS = Preparation((0.0, 0.0, 0.0))


@dataclass(frozen=True)
class TrainedNetwork:
    """The network in a classifier's file. Fulfils `features.models.pooled_model.FeatureModel`."""

    file: ClassifierFile
    pooling: Pooling = "avg"
    prepare: Preparation = _AS_IT_IS
    best: BestWays = IN_FLOAT32

    @property
    def square(self) -> Square:
        """The square that the network sees."""
        return Square(self.size_px)

    @property
    def name(self) -> str:
        """The name of the backbone or network."""
        return self.file.classifier.network.name

    @property
    def size_px(self) -> int:
        """The side of its square input, in pixels."""
        return self.file.classifier.network.size_px

    @property
    def sha256(self) -> str:
        """The hash of the classifier's file."""
        return self.file.sha256

    def build(self) -> Any:
        """Return the Keras model from float32 (n, size_px, size_px, 3), 0-255, to features. Raises ClassifierError."""
        return features_part(self.file.load_network())
