"""Writes and reads a plan as a table that a person checks and edits, with one line for each image to be filed."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite
from pathlib import Path

from imgsort.errors import PlanError
from imgsort.filing.paths import join, name_of, parent_of
from imgsort.filing.planning.edited import RowError
from imgsort.filing.planning.plan import Placement, Plan
from imgsort.filing.planning.plan_table import Rows, read_rows, write_rows
from imgsort.filing.planning.site import Mode

# `content` is the hash of the file that was judged. The three columns before it are the same on every line. A person
# may sort, remove and copy lines, and each line still says where it belongs.
HEADER = ("file", "category", "score", "distance", "target", "collection", "output", "mode", "content")
_NOT_NEEDED = ("score", "distance", "content")


@dataclass(frozen=True)
class PlanRow:
    """A line of the table as it is now.

    `target` is relative to `output`, and "" for a file that stays. `content` is the hash of the bytes that were
    judged, or "" if it is not to be checked.
    """

    line: int
    file: str
    target: str
    distance: float | None
    content: str = ""


@dataclass(frozen=True)
class EditedPlan:
    """A plan read back from its table: where its files are, where they go and how, its good lines, and its errors."""

    collection: Path
    output: Path
    mode: Mode
    rows: tuple[PlanRow, ...]
    errors: tuple[RowError, ...]

    @property
    def given_output(self) -> Path | None:
        """The output as an option would give it: None if the folders appear in the collection itself."""
        return None if self.output == self.collection else self.output


def write_plan(path: Path, plan: Plan, placements: Sequence[Placement], output: Path) -> None:
    """Write one line for each image that `plan` files, in the order of the plan.

    `output` is the folder that the command was given for the images. Raises OSError. This includes
    FileExistsError, because nothing is overwritten.
    """
    site = plan.site
    scores = {placement.source: placement.score for placement in placements}
    where = (str(site.collection), str(output), str(site.mode))
    rows = []
    for move in plan.moves:
        if move.follows is None:
            target = (site.destination / move.target).relative_to(output).as_posix()
            rows.append(
                (move.source, parent_of(target), scores[move.source], move.distance, target, *where, move.content)
            )
    write_rows(path, HEADER, rows)


def read_plan(path: Path) -> EditedPlan:
    """Read a table that `write_plan` wrote.

    Raises UsageError if the file is not such a table. Raises PlanError if the table does not say which folders
    and mode it is for.
    """
    return plan_of(path, rows_of_plan(path))


def rows_of_plan(path: Path) -> Rows:
    """Return the rows of a plan. Raises UsageError for another table, and PlanError if there are no rows."""
    rows = read_rows(path, (*HEADER, "mark"), (*_NOT_NEEDED, "mark"))
    if not rows:
        raise PlanError(f"{path}: this plan has no lines.")
    return rows


def plan_of(path: Path, rows: Rows) -> EditedPlan:
    """Return the plan with these rows, which come from the file `path`. Raises PlanError as `read_plan` does."""
    line, first = rows[0]
    collection, output, mode = first["collection"], first["output"], first["mode"]
    is_whole = all(Path(folder).is_absolute() and "\0" not in folder for folder in (collection, output))
    if mode not in list(Mode) or not is_whole:
        raise PlanError(
            f"{path}: line {line} needs absolute paths as collection and output, and one of the modes "
            f"{', '.join(Mode)}. Do not edit these columns."
        )
    read = [row_of(line, row, first) for line, row in rows]
    return EditedPlan(
        Path(collection),
        Path(output),
        Mode(mode),
        tuple(row for row in read if isinstance(row, PlanRow)),
        tuple(row for row in read if isinstance(row, RowError)),
    )


def row_of(line: int, row: dict[str, str], first: dict[str, str]) -> PlanRow | RowError:
    """Return a line of the table, or the error in it."""
    target, category = row["target"], row["category"].rstrip("/")
    if any(row[name] != first[name] for name in ("collection", "output", "mode")):
        return RowError(line, "collection, output and mode must be those of the first line")
    if not row["file"]:
        return RowError(line, "the cell of the file is empty")
    if target.endswith("/") or (category and not target):
        target = join(target.rstrip("/") or category, name_of(row["file"]))
    if target and category and parent_of(target) != category:
        return RowError(
            line,
            f"the category {category!r} and the target {target!r} do not agree: empty the cell that is out of date",
        )
    try:
        distance = float(row["distance"]) if row["distance"] else None
    except ValueError:
        distance = None  # a spreadsheet may write 0,5; nothing depends on the distance
    distance = distance if distance is not None and isfinite(distance) else None
    return PlanRow(line, row["file"], target, distance, row["content"])
