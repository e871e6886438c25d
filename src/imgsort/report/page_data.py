"""Describes what a page shows: one form for the report of every command, and for the review.

The page's modules read the JSON that `to_json` gives. An image is known by its number: its place in the columns of
`images`. A row of a section, and a thumbnail, name an image by this number.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

PAGE_VERSION = 1

GroupKind = Literal["category", "class", "outliers", "rejected", "unsure", "unsorted", "stays", "query", "match"]


@dataclass(frozen=True)
class Group:
    """A folder of the result, as the wall shows it.

    `kind` says what the folder is for; `stays` is no folder: its images stay where they are. A search has two groups:
    what was looked for (`query`), and what was found (`match`). `silhouette`: how well the
    images of the group hang together, -1 to 1 (Rousseeuw, "Silhouettes", 1987), or None.
    """

    name: str
    kind: GroupKind
    silhouette: float | None = None


@dataclass(frozen=True)
class Images:
    """The images of a page, in columns of one length.

    `names`: the paths relative to the collection, as text that can be shown. `groups`: for each image the number of its
    group. `distances`: how odd it is in its group; higher = odder; the most typical image of a group has the lowest.
    `confidences`: how sure a classifier is, 0 to 1. `places`: the map, (x, y) from 0 to 1 for each image, or empty if
    there is no map. `notes`: for an image that could not be read, why. Columns that a command does not know are empty.
    """

    names: Sequence[str]
    groups: Sequence[int]
    distances: Sequence[float | None] = ()
    confidences: Sequence[float | None] = ()
    places: Sequence[tuple[float, float]] = ()
    notes: Sequence[str | None] = ()


@dataclass(frozen=True)
class OutlierRow:
    """An outlier, its nearest image that is none, and the folder that it is farthest from."""

    image: int
    rank: int
    distance: float
    score: float | None = None
    nearest: int | None = None
    farthest: str | None = None


@dataclass(frozen=True)
class Outliers:
    """The outliers, the oddest first. `curve`: the oddness of all images, falling. `cut`: the limit in it."""

    rows: tuple[OutlierRow, ...]
    curve: Sequence[float]
    cut: float | None = None


@dataclass(frozen=True)
class FindingRow:
    """A fault of an image: its measure and the limit, or a detail in words. `image`: None if it could not be read."""

    image: int | None
    name: str
    value: float | None = None
    threshold: float | None = None
    detail: str = ""


@dataclass(frozen=True)
class Duplicates:
    """Images that show the same: the one that stays, and the others."""

    kept: int
    others: tuple[int, ...]


@dataclass(frozen=True)
class Findings:
    """What `check` found: rows by reason, the most serious reason first, and groups of duplicates."""

    reasons: Mapping[str, tuple[FindingRow, ...]]
    duplicates: tuple[Duplicates, ...] = ()


@dataclass(frozen=True)
class MistakeRow:
    """An image that a classifier took for another class.

    `heat`: the number of its Grad-CAM picture among the thumbnails, after those of all images, or None.
    """

    image: int
    true: str
    predicted: str
    probability: float
    heat: int | None = None


@dataclass(frozen=True)
class ClassFigures:
    """How well a classifier knows one class: precision, recall and F1, 0 to 1, and how many images there were."""

    name: str
    precision: float
    recall: float
    f1: float
    support: int


@dataclass(frozen=True)
class EvaluationSection:
    """How good a classifier is. `cells[true][predicted]` holds the images behind a cell of the confusion matrix."""

    classes: tuple[str, ...]
    cells: tuple[tuple[tuple[int, ...], ...], ...]
    figures: tuple[ClassFigures, ...]
    accuracy: float
    mistakes: tuple[MistakeRow, ...] = ()


@dataclass(frozen=True)
class CurveSection:
    """Lines over steps, for example the `loss` of a training with `train` and `validation`.

    `first`: the number of the first step. Curves over a confidence have a `step` that begins with that word.
    """

    name: str
    step: str
    lines: Mapping[str, Sequence[float]]
    first: int = 1


@dataclass(frozen=True)
class TableSection:
    """A table of words and numbers, for example of models that were compared."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str | float | int | None, ...], ...]


@dataclass(frozen=True)
class Made:
    """How a result was made.

    `facts`: pairs of words, for example of the model and its weights. `seconds`: how long each stage took.
    `unreadable`: pairs of a path and a reason.
    """

    command_line: str
    facts: Sequence[tuple[str, str]] = ()
    seconds: Sequence[tuple[str, float]] = ()
    unreadable: Sequence[tuple[str, str]] = ()
    notices: Sequence[str] = ()


@dataclass(frozen=True)
class PageData:
    """All that a page shows but for the thumbnails. `title`: the name of the collection's folder.

    `status`: as in the results of the jobs: `done`, `planned`, `checked` and others. Sections that a command does not
    have are None or empty. `can_compare`: a review has features, so it can draw the map, find images that are alike,
    and part a group in two.
    """

    command: str
    title: str
    status: str
    images: Images
    groups: tuple[Group, ...]
    made: Made
    run: str | None = None
    outliers: Outliers | None = None
    findings: Findings | None = None
    evaluation: EvaluationSection | None = None
    curves: tuple[CurveSection, ...] = ()
    tables: tuple[TableSection, ...] = ()
    can_compare: bool = False

    def to_json(self) -> dict[str, Any]:
        """Return the object that the page's modules read. Dataclasses become objects with the same names."""
        from dataclasses import asdict

        return {"version": PAGE_VERSION, **asdict(self)}
