"""Writes and reads the plan of a run in an object store as a table, with one line for each image to be copied."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from imgsort.errors import PlanError, UsageError
from imgsort.filing.objects.plan import ObjectPlan
from imgsort.filing.paths import parent_of
from imgsort.filing.planning.edited import RowError
from imgsort.filing.planning.plan import Placement
from imgsort.filing.planning.plan_file import HEADER, PlanRow, row_of
from imgsort.filing.planning.plan_table import Rows, write_rows
from imgsort.filing.planning.site import Mode
from imgsort.storage.addresses import Address, address_of, is_address

# `mark` is the store's mark of the object that was judged: its ETag in S3, its generation in Google's store.
OBJECT_HEADER = (*HEADER, "mark")


@dataclass(frozen=True)
class ObjectRow(PlanRow):
    """A line of the table as it is now. `mark` is "" if it is not to be checked."""

    mark: str = ""


@dataclass(frozen=True)
class EditedObjectPlan:
    """A plan read back from its table: where its objects are, where they go, its good lines, and its errors."""

    collection: Address
    output: Address
    rows: tuple[ObjectRow, ...]
    errors: tuple[RowError, ...]


def write_object_plan(path: Path, plan: ObjectPlan, placements: Sequence[Placement]) -> None:
    """Write one line for each image that `plan` copies. Raises OSError: FileExistsError if the file exists."""
    scores = {placement.source: placement.score for placement in placements}
    where = (str(plan.site.collection), str(plan.site.destination), str(Mode.COPY))
    rows = [
        (
            copy.source,
            parent_of(copy.target),
            scores[copy.source],
            copy.distance,
            copy.target,
            *where,
            copy.content,
            copy.mark,
        )
        for copy in plan.copies
        if copy.follows is None
    ]
    write_rows(path, OBJECT_HEADER, rows)


def is_for_objects(rows: Rows) -> bool:
    """Say whether the rows of a plan are for an object store."""
    return bool(rows) and is_address(rows[0][1]["collection"])


def object_plan_of(path: Path, rows: Rows) -> EditedObjectPlan:
    """Return the plan with these rows, which come from the file `path`. Raises PlanError and UsageError."""
    line, first = rows[0]
    try:
        collection, output = address_of(first["collection"]), address_of(first["output"])
    except UsageError as error:
        raise PlanError(f"{path}: line {line}: {error}") from None
    if first["mode"] != Mode.COPY or collection.scheme != output.scheme or collection.credentials or output.credentials:
        raise PlanError(
            f"{path}: line {line} needs two addresses of one kind of store, without credentials, and the mode copy. "
            "Do not edit these columns."
        )
    found: list[ObjectRow] = []
    errors: list[RowError] = []
    for number, row in rows:
        read = row_of(number, row, first)
        if isinstance(read, RowError):
            errors.append(read)
        else:
            found.append(ObjectRow(read.line, read.file, read.target, read.distance, read.content, row["mark"]))
    return EditedObjectPlan(collection, output, tuple(found), tuple(errors))
