"""Describes a proposal as the page shows it at first. What a person corrects comes with the state of the session."""

import os
from dataclasses import replace

from imgsort.jobs.look.pages.filed import confidences_of, findings_section, outliers_section
from imgsort.report.page_data import Findings, Group, Images, Made, PageData
from imgsort.review.looks import Looks
from imgsort.review.proposal import Proposal


def page_of(looks: Looks) -> PageData:
    """Return the data of the page. The groups and images are numbered as in the proposal."""
    proposal, sorting = looks.proposal, looks.proposal.sorting
    silhouettes = looks.silhouettes(sorting)
    place_of = {group.id: place for place, group in enumerate(sorting.groups)}
    study = proposal.study
    return PageData(
        command=proposal.command,
        title=proposal.site.collection.name,
        status="planned",
        images=Images(
            names=[shown(file.path) for file in proposal.files],
            groups=[place_of[group] for group in sorting.images],
            distances=sorting.distances,
            confidences=confidences_of(study) if study is not None and study.is_by_class else [],
            notes=_notes(proposal),
        ),
        groups=tuple(Group(shown(group.name), group.kind, silhouettes[group.id]) for group in sorting.groups),
        made=_made(proposal),
        outliers=outliers_section(study, proposal.outliers) if study and proposal.outliers is not None else None,
        findings=_findings(proposal),
        can_compare=proposal.matrix is not None,
    )


def shown(path: str) -> str:
    """Return a path as text that can be shown and sent: bytes that are not UTF-8 are escaped."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def _made(proposal: Proposal) -> Made:
    made = replace(proposal.made, unreadable=[(shown(path), reason) for path, reason in proposal.made.unreadable])
    files = [("images", str(len(proposal.files))), ("files are", _WAYS[str(proposal.site.mode)])]
    facts = [*files, *(fact for fact in made.facts if fact[0] != "images")]
    return replace(made, facts=facts, notices=proposal.notices)


def _findings(proposal: Proposal) -> Findings | None:
    """Return what `check` found. Files that could not be read have a number here, because the review can move them."""
    if proposal.study is None or proposal.findings is None:
        return None
    return findings_section(replace(proposal.study, files=proposal.files), proposal.findings)


def _notes(proposal: Proposal) -> list[str | None]:
    """Return why there is no picture of an image. The column is empty if all of them could be read."""
    if proposal.study is None or not proposal.study.unread:
        return []
    reasons = {row.path: row.reason for row in proposal.study.unreadable}
    return [*(None for _ in proposal.study.files), *(reasons.get(file.path) for file in proposal.study.unread)]


_WAYS = {"move": "moved", "copy": "copied", "hardlink": "hard-linked", "symlink": "linked"}
