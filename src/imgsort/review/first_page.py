"""Describes a proposal as the page shows it at first. What a person corrects comes with the state of the session."""

import os

from imgsort.report.page_data import Group, Images, Made, PageData
from imgsort.review.looks import Looks
from imgsort.review.proposal import Proposal


def page_of(looks: Looks) -> PageData:
    """Return the data of the page. The groups and images are numbered as in the proposal."""
    proposal, sorting = looks.proposal, looks.proposal.sorting
    silhouettes = looks.silhouettes(sorting)
    place_of = {group.id: place for place, group in enumerate(sorting.groups)}
    study = proposal.study
    unreadable = () if study is None else study.unreadable
    return PageData(
        command=proposal.command,
        title=proposal.site.collection.name,
        status="planned",
        images=Images(
            names=[shown(file.path) for file in proposal.files],
            groups=[place_of[group] for group in sorting.images],
            distances=sorting.distances,
            confidences=_confidences(proposal),
            notes=_notes(proposal),
        ),
        groups=tuple(Group(shown(group.name), group.kind, silhouettes[group.id]) for group in sorting.groups),
        made=Made(
            command_line=f"imgsort review ({proposal.command})",
            facts=_facts(proposal),
            unreadable=[(shown(row.path), row.reason) for row in unreadable],
            notices=proposal.notices,
        ),
        can_compare=proposal.matrix is not None,
    )


def shown(path: str) -> str:
    """Return a path as text that can be shown and sent: bytes that are not UTF-8 are escaped."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def _notes(proposal: Proposal) -> list[str | None]:
    """Return why there is no picture of an image. The column is empty if all of them could be read."""
    if proposal.study is None or not proposal.study.unread:
        return []
    reasons = {row.path: row.reason for row in proposal.study.unreadable}
    return [*(None for _ in proposal.study.files), *(reasons.get(file.path) for file in proposal.study.unread)]


def _confidences(proposal: Proposal) -> list[float | None]:
    if proposal.command != "classify":
        return []
    return [None if placement is None else placement.score for placement in proposal.placements]


def _facts(proposal: Proposal) -> list[tuple[str, str]]:
    model = None if proposal.study is None else proposal.study.model
    facts = [("images", str(len(proposal.files))), ("files are", _WAYS[str(proposal.site.mode)])]
    if model is not None:
        facts += [("model", model.name), ("weights", model.weights), ("precision", model.precision)]
    return facts


_WAYS = {"move": "moved", "copy": "copied", "hardlink": "hard-linked", "symlink": "linked"}
