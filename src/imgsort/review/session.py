"""A review in progress: the sorting, the corrections of it, and what was applied. Requests come from many threads."""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from imgsort.errors import CorrectionError, NotNowError
from imgsort.grouping.categories.cluster_count import MIN_CLUSTERS
from imgsort.images.finding.find import ImageFile
from imgsort.review.keeping.kept import Kept
from imgsort.review.keeping.offer import Offer
from imgsort.review.keeping.taking_up import taken_up
from imgsort.review.looks import Looks
from imgsort.review.planned import Planned, plan_of
from imgsort.review.sorting.corrections import Regroup, Sorting
from imgsort.review.sorting.regrouping import regrouped
from imgsort.review.sorting.requests import correction_of
from imgsort.review.sorting.steps import Steps
from imgsort.review.work import Worker, described
from imgsort.sidecar_names.rules import BUILT_IN, SidecarRules

_MOST_CLUSTERS = 40


@dataclass(frozen=True)
class Applied:
    """A plan that was applied: the id of its run, and how many files it moved. `is_whole`: it did not stop part way."""

    run: str
    moves: int
    is_whole: bool = True


class Session:
    """A review of one proposal.

    `looks`: what the features say. `worker`: does what takes long; meanwhile nothing is corrected. `places`: for each
    image where its file lies now; applying changes it. `rules`: which files go with an image.
    """

    def __init__(self, looks: Looks, kept: Kept, worker: Worker, rules: SidecarRules = BUILT_IN) -> None:
        self.looks, self.proposal, self.worker, self.rules = looks, looks.proposal, worker, rules
        proposal = self.proposal
        self.places = [file.place_in(proposal.site.collection) for file in proposal.files]
        self.applied: Applied | None = None
        self.is_kept = True
        self.revision = 1
        self._steps = Steps(proposal.sorting)
        self._kept = kept
        self._labels: dict[int, list[int]] = {}
        self._lock = threading.RLock()
        self._regrouping = threading.Lock()

    @property
    def sorting(self) -> Sorting:
        """The sorting as it is corrected now."""
        return self._steps.now

    @property
    def corrections(self) -> int:
        """How many corrections were made that are not wholly applied."""
        return 0 if self.applied is not None and self.applied.is_whole else self._steps.corrections

    @property
    def offered(self) -> Offer | None:
        """The earlier corrections that are offered now."""
        return self._kept.offered_but(self._steps.taken)

    def file(self, number: int) -> tuple[Path, ImageFile]:
        """Return a folder, and the image in it, where it lies now."""
        place, file = self.places[number], self.proposal.files[number]
        return place.parent, replace(file, path=place.name, link=None)

    def state(self) -> dict[str, Any]:
        """Return the state that the page shows, as JSON."""
        with self._lock:
            sorting, offer, applied = self.sorting, self.offered, self.applied
            silhouettes = self.looks.silhouettes(sorting)
            slider = self._slider()
            return {
                "revision": self.revision,
                "groups": [
                    {"id": group.id, "name": group.name, "kind": group.kind, "silhouette": silhouettes[group.id]}
                    for group in sorting.groups
                ],
                "images": list(sorting.images),
                "distances": list(sorting.distances),
                "can_undo": bool(self._steps.done) and applied is None,
                "can_redo": bool(self._steps.undone) and applied is None,
                "last": self._steps.last,
                "clusters": None if slider is None else sorting.clusters,
                "clusters_range": slider,
                "can_train": len(self.class_names()) >= 2,
                "applied": None if applied is None else {"run": applied.run, "moves": applied.moves},
                "offered": None if offer is None else {"corrections": offer.corrections, "saved": offer.saved},
                "kept": self.is_kept,
            }

    def class_names(self) -> list[str]:
        """Return the names of the groups that a classifier can learn: they hold images, and are a person's subject."""
        sorting = self.sorting
        used = set(sorting.images)
        return [g.name for g in sorting.groups if g.id in used and g.kind in ("category", "class") and g.name != "."]

    def correct(self, revision: int, record: Any) -> bool:
        """Make the correction that `record` describes, if `revision` is the present one; if not, return False.

        Raises CorrectionError, and NotNowError once the plan is applied.
        """
        do = record.get("do") if isinstance(record, dict) else None
        simple: Mapping[Any, Callable[[], None]] = {
            "undo": self._steps.undo,
            "redo": self._steps.redo,
            "take_offered": self._take_offered,
            "drop_offered": self._drop_offered,
        }
        if isinstance(do, str) and do in simple:
            return self._change(revision, simple[do])
        correction = correction_of(record)
        if isinstance(correction, Regroup):
            labels = self._labels_for(correction)  # takes a while, so other requests do not wait for it
            return self._change(revision, lambda: self._regroup(correction, labels))
        return self._change(
            revision,
            lambda: self._steps.add(correction.apply(self.sorting), correction.words(self.sorting)),
        )

    def plan(self) -> Planned:
        """Return the plan of the sorting. Raises CorrectionError if no file would move, and UsageError."""
        with self._lock:
            if self.applied is not None:
                raise CorrectionError("the plan is applied. Take it back first.")
            sorting = self.sorting
        return plan_of(self.proposal, sorting, self.rules)  # reads sidecars, so other requests do not wait for it

    def start(self, task: str, work: Callable[[], dict[str, Any]]) -> None:
        """Begin with work on the sorting. Nothing is corrected until it ends. Raises NotNowError."""
        with self._lock:
            self.worker.start(task, work)

    def require_applied(self) -> Applied:
        """Return what was applied. Raises CorrectionError if nothing is."""
        if self.applied is None:
            raise CorrectionError("nothing is applied, so there is nothing to take back.")
        return self.applied

    def set_applied(self, applied: Applied | None, places: list[Path]) -> None:
        """Remember that the plan was applied, or taken back, and where the images lie now."""
        with self._lock:
            self.applied, self.places = applied, places
            self.revision += 1
            self.keep()

    def warm_up(self) -> None:
        """Make what the slider needs, so that its first answer comes as quickly as the others."""
        sorting = self.proposal.sorting
        if self.proposal.regroup is not None and sorting.clusters:
            self._labels_of(sorting.clusters)

    def _labels_of(self, clusters: int) -> list[int]:
        with self._regrouping:
            if clusters not in self._labels:
                assert self.proposal.regroup is not None
                self._labels[clusters] = [int(label) for label in self.proposal.regroup(clusters)]
            return self._labels[clusters]

    def _change(self, revision: int, change: Callable[[], object]) -> bool:
        with self._lock:
            if revision != self.revision:
                return False
            if self.worker.is_working:
                raise NotNowError("imgsort is at work. Wait until it has finished, and then correct the sorting.")
            if self.applied is not None:
                raise NotNowError("the plan is applied. Take it back first, and then correct it.")
            before, offer = self.sorting, self.offered
            change()
            if self.sorting is not before:
                self.looks.judge(self.sorting, at_once=True)
            if self.sorting is not before or self.offered is not offer:
                self.revision += 1
                self.keep()
            return True

    def _slider(self) -> list[int] | None:
        """Return the smallest and the largest number of categories, or None if the number cannot be changed."""
        if self.proposal.regroup is None:
            return None
        most = min(len(self.sorting.images), max(_MOST_CLUSTERS, self.proposal.sorting.clusters or 0))
        return [min(MIN_CLUSTERS, most), most]

    def _labels_for(self, correction: Regroup) -> list[int]:
        count, slider = correction.clusters, self._slider()
        if slider is None:
            raise CorrectionError("the number of groups of this review cannot be changed.")
        least, most = slider
        if not least <= count <= most:
            raise CorrectionError(f"{count} categories: the number must be from {least} to {most}.")
        return self._labels_of(count)

    def _regroup(self, correction: Regroup, labels: list[int]) -> None:
        base = self._steps.ungrouped
        # Back at the number that it began with, everything is as it was, even the words in the names.
        sorting = base
        if base.clusters != correction.clusters:
            sorting = self.looks.measured(regrouped(base, labels, correction.clusters), base)
        self._steps.add(sorting, correction.words(self.sorting), is_regrouping=True)

    def _take_offered(self) -> None:
        offer = self.offered
        if offer is None:
            raise CorrectionError("there are no earlier corrections to take up.")
        sorting = taken_up(self.sorting, offer, self.proposal.files, self.proposal.contents)
        slider = self._slider()
        if sorting.clusters is not None and (slider is None or not slider[0] <= sorting.clusters <= slider[1]):
            sorting = replace(sorting, clusters=None)
        if sorting.clusters != self.sorting.clusters:
            sorting = self.looks.measured(sorting, self.sorting)
        count = max(1, offer.corrections)
        self._steps.add(sorting, "taking up the earlier corrections", corrections=count, offer=offer.id)

    def _drop_offered(self) -> None:
        offer = self.offered
        if offer is not None:
            self._kept.decline(offer)

    def keep(self) -> None:
        """Keep the corrections on disk. If this is not possible, say so, and go on."""
        whole = self.applied.run if self.applied is not None and self.applied.is_whole else None
        corrections, of = self._steps.corrections, self.proposal
        try:
            if self._steps.done:
                self._kept.keep(self.sorting, corrections, of.files, of.contents, takes=self._steps.taken, run=whole)
            else:
                self._kept.forget()
            self.is_kept = True
        except OSError as error:
            self.is_kept = False
            self.worker.notice(f"the corrections cannot be kept on disk: {described(error)['message']}")
