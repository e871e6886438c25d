"""What an audit finds, as plain objects."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class AuditFinding:
    """An image that looks more like another class than like its own.

    `suggested`: the likeliest other class. `probability`: how probable that class is. `score`: by how much that is more
    than the probability of its own class. `marked`: it lies in the wrong class, by the rule or the threshold.
    """

    path: str
    is_of: str
    suggested: str
    probability: float
    score: float
    marked: bool

    def to_json(self) -> dict[str, Any]:
        """Return the object that `--json` prints. `is_of` is called `class` there."""
        return {
            "path": self.path,
            "class": self.is_of,
            "suggested": self.suggested,
            "probability": self.probability,
            "score": self.score,
            "marked": self.marked,
        }


@dataclass(frozen=True)
class MixedClasses:
    """Two classes, and how many `images` of both look more like the other one.

    `share`: these images as a share of those of both. `look_like_one`: no image tells the two classes apart, so
    none of their images is marked as the other's.
    """

    classes: tuple[str, str]
    images: int
    share: float
    look_like_one: bool

    def to_json(self) -> dict[str, Any]:
        """Return the object that `--json` prints."""
        return {**vars(self), "classes": list(self.classes)}


@dataclass(frozen=True)
class InTwoClasses:
    """An image that lies in two classes: the same bytes, or near duplicates."""

    paths: tuple[str, str]
    same_bytes: bool

    def to_json(self) -> dict[str, Any]:
        """Return the object that `--json` prints."""
        return {**vars(self), "paths": list(self.paths)}


@dataclass(frozen=True)
class LikeNoClass:
    """An image that is far from all other images.

    `distance`: the mean cosine distance to its neighbours, as `NeighbourOutliers` measures it. `score`: how far that is
    above the usual, in interquartile ranges.
    """

    path: str
    is_of: str
    distance: float
    score: float

    def to_json(self) -> dict[str, Any]:
        """Return the object that `--json` prints. `is_of` is called `class` there."""
        return {"path": self.path, "class": self.is_of, "distance": self.distance, "score": self.score}


@dataclass(frozen=True)
class Audited:
    """What an audit found. `findings`: the highest score first. `like_no_class`: the oddest first."""

    findings: tuple[AuditFinding, ...]
    mixed: tuple[MixedClasses, ...]
    in_two_classes: tuple[InTwoClasses, ...]
    like_no_class: tuple[LikeNoClass, ...]
