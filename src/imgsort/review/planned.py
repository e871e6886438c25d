"""Turns a corrected sorting into a plan: the same that `--plan` writes and `imgsort apply` reads."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from imgsort.errors import CorrectionError
from imgsort.filing.journal.category_folders import known_folders
from imgsort.filing.paths import join, name_of, parent_of
from imgsort.filing.planning.make_plan import make_plan
from imgsort.filing.planning.plan import Move, Placement, Plan
from imgsort.filing.planning.plan_file import write_plan
from imgsort.jobs.session.listing import still_categories
from imgsort.jobs.session.placing import place
from imgsort.review.proposal import Proposal, original_target
from imgsort.review.sorting.corrections import SortedGroup, Sorting
from imgsort.sidecar_names.rules import SidecarRules
from imgsort.temporary import folder_for_a_while


@dataclass(frozen=True)
class Planned:
    """The plan of a sorting, and the placements that it was made of."""

    plan: Plan
    placements: tuple[Placement, ...]

    def csv(self, output: Path) -> bytes:
        """Return the plan as the table that `imgsort apply` takes."""
        with self.written(output) as path:
            return path.read_bytes()

    @contextlib.contextmanager
    def written(self, output: Path) -> Iterator[Path]:
        """Give a private file with the table, and remove it afterwards."""
        with folder_for_a_while() as folder:
            path = folder / "plan.csv"
            write_plan(path, self.plan, self.placements, output)
            yield path


def plan_of(proposal: Proposal, sorting: Sorting, rules: SidecarRules) -> Planned:
    """Return the plan that brings the images of the proposal where the sorting says.

    Raises CorrectionError if no file would move, and UsageError if a name that must be a folder is something else.
    """
    site = proposal.site
    groups = {group.id: group for group in sorting.groups}
    fixed, free = _placements(proposal, sorting, groups)
    moves = [_fixed_move(placement, join(site.prefix, target)) for placement, target in fixed]
    reserved: dict[str, list[str]] = {}
    for move in moves:
        reserved.setdefault(parent_of(move.target), []).append(name_of(move.target))
    own = {folder.path for folder in still_categories(known_folders(site.destination), site)}
    plan = make_plan(
        site,
        free,
        own_folders=own,
        shared={group.name for group in sorting.groups if group.kind != "category" or group.is_named},
        rules=rules,
        reserved=reserved,
    )
    plan = replace(plan, moves=(*moves, *plan.moves))
    if not plan.moves:
        raise CorrectionError("no file would move: every image is where it belongs.")
    return Planned(plan, (*(placement for placement, _ in fixed), *free))


def _placements(
    proposal: Proposal, sorting: Sorting, groups: dict[int, SortedGroup]
) -> tuple[list[tuple[Placement, str]], list[Placement]]:
    """Return the placements with a target of their own, each with it, and the others in the order of the groups."""
    fixed: list[tuple[Placement, str]] = []
    free: list[tuple[int, int, Placement]] = []
    position = {group.id: number for number, group in enumerate(sorting.groups)}
    ranks = _ranks(proposal)
    for number, (file, content) in enumerate(zip(proposal.files, proposal.contents, strict=True)):
        group = groups[sorting.images[number]]
        if group.kind == "stays":
            continue
        before = proposal.placements[number]
        if before is not None and proposal.sorting.images[number] == group.id:
            placement = replace(before, folder=group.name)
        else:
            placement = place(file, content, group.name)
        target = original_target(proposal, number, group)
        if target is None:
            free.append((position[group.id], ranks[number], placement))
        else:
            fixed.append((placement, target))
    return fixed, [placement for _, _, placement in sorted(free, key=lambda row: row[:2])]


def _ranks(proposal: Proposal) -> list[int]:
    """Return for each image its place among the placements of the command, and after them those that stay."""
    placed = () if proposal.study is None else proposal.study.placements
    of_source = {placement.source: number for number, placement in enumerate(placed)}
    return [of_source.get(file.path, len(placed) + number) for number, file in enumerate(proposal.files)]


def _fixed_move(placement: Placement, target: str) -> Move:
    return Move(
        placement.source,
        target,
        placement.size,
        placement.mtime_ns,
        placement.content,
        placement.distance,
        link=placement.link,
    )
