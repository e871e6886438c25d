"""Says what a folder of a result is for."""

from imgsort.jobs.learn.steps.predictions import UNSURE_FOLDER
from imgsort.jobs.organize.check import REJECTED_FOLDER
from imgsort.jobs.organize.outliers import OUTLIER_FOLDER
from imgsort.jobs.session.placing import UNSORTED_FOLDER
from imgsort.jobs.study import Study
from imgsort.report.page_data import GroupKind

_KINDS: dict[str, GroupKind] = {UNSORTED_FOLDER: "unsorted", UNSURE_FOLDER: "unsure", OUTLIER_FOLDER: "outliers"}
_KIND_OF_COMMAND: dict[str, GroupKind] = {"audit": "class", "check": "rejected", "classify": "class", "find": "class"}


def way_of(study: Study) -> str:
    """Return the command that chooses folders in the way of this study: `watch` has two ways."""
    return "classify" if study.is_by_class else study.command


def kind_of(folder: str | None, command: str) -> GroupKind:
    """Say what the folder of this name is for; None stands for images that stay where they are.

    `command`: the one that chose the folder, or `plan` if nobody knows it.
    """
    if folder is None:
        return "stays"
    if REJECTED_FOLDER in folder.split("/"):
        return "rejected"
    return _KINDS.get(folder.rpartition("/")[2], _KIND_OF_COMMAND.get(command, "category"))
