"""Describes a proposal as the page shows it at first. What a person corrects comes with the state of the session."""

import os

from imgsort.report.page_data import Group, Images, Made, PageData
from imgsort.review.proposal import Proposal


def page_of(proposal: Proposal) -> PageData:
    """Return the data of the page. The groups and images are numbered as in the proposal."""
    sorting = proposal.sorting
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
            distances=[None if placement is None else placement.distance for placement in proposal.placements],
        ),
        groups=tuple(Group(group.name, group.kind) for group in sorting.groups),
        made=Made(
            command_line=f"imgsort review ({proposal.command})",
            facts=_facts(proposal),
            unreadable=[(shown(row.path), row.reason) for row in unreadable],
            notices=proposal.notices,
        ),
        extra={"map": proposal.matrix is not None},
    )


def shown(path: str) -> str:
    """Return a path as text that can be shown and sent: bytes that are not UTF-8 are escaped."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def _facts(proposal: Proposal) -> list[tuple[str, str]]:
    model = None if proposal.study is None else proposal.study.model
    facts = [("images", str(len(proposal.files))), ("files are", _WAYS[str(proposal.site.mode)])]
    if model is not None:
        facts += [("model", model.name), ("weights", model.weights), ("precision", model.precision)]
    return facts


_WAYS = {"move": "moved", "copy": "copied", "hardlink": "hard-linked", "symlink": "linked"}
