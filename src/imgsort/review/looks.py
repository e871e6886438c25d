"""Answers from the features of the images: what is alike, where the images lie on the map, how groups hang together."""

import threading
from contextlib import closing
from dataclasses import replace

from imgsort.errors import NotNowError
from imgsort.features.cache.map_cache import MapCache
from imgsort.grouping.silhouettes import silhouettes_of
from imgsort.jobs.listener import Listener
from imgsort.jobs.look.likeness import Likeness
from imgsort.jobs.maps import map_of
from imgsort.review.proposal import Proposal
from imgsort.review.sorting.corrections import FIXED_KINDS, Sorting

# With more numbers in the features, judging the groups takes longer than a person waits for the slider.
MOST_NUMBERS_AT_ONCE = 2_000_000


class Looks:
    """What the features of a proposal say. Without features, everything but silhouettes raises NotNowError.

    Each answer is made when it is asked for first. Several threads may ask. `has_cache`: a map may come from the cache.
    """

    def __init__(self, proposal: Proposal, listener: Listener, *, has_cache: bool = False) -> None:
        self.proposal, self._listener, self._has_cache = proposal, listener, has_cache
        self._likeness: Likeness | None = None
        self._map: list[list[float]] | None = None
        self._silhouettes: dict[int, float] = {}
        self._comparing, self._mapping = threading.Lock(), threading.Lock()

    @property
    def likeness(self) -> Likeness:
        """Compares the images."""
        if self.proposal.matrix is None:
            raise NotNowError("no model looked at these images, so imgsort cannot say which of them look alike.")
        with self._comparing:
            self._likeness = self._likeness or Likeness(self.proposal.matrix)
            return self._likeness

    @property
    def map_places(self) -> list[list[float]]:
        """Where each image lies on the map, [x, y] from 0 to 1. It takes a while at the first time."""
        with self._mapping:  # other requests do not wait for it
            if self._map is None:
                self._map = self._made_map()
            return self._map

    def judge(self, sorting: Sorting, *, at_once: bool = False) -> None:
        """Find out how well the groups of a sorting hang together. `at_once`: only if nobody need wait for it."""
        import numpy as np

        matrix = self.proposal.matrix
        if matrix is None or (at_once and matrix.size > MOST_NUMBERS_AT_ONCE):
            return
        aside = {group.id for group in sorting.groups if group.kind == "stays"}
        labels = np.array([-1 if group in aside else group for group in sorting.images])
        found = silhouettes_of(matrix, labels)
        members = _members(sorting)
        self._silhouettes |= {hash(members[group]): round(value, 4) for group, value in found.items()}

    def silhouettes(self, sorting: Sorting) -> dict[int, float | None]:
        """Return for each group its silhouette, or None if nobody judged a group of the same images."""
        return {group: self._silhouettes.get(hash(numbers)) for group, numbers in _members(sorting).items()}

    def measured(self, sorting: Sorting, before: Sorting) -> Sorting:
        """Return a sorting that was regrouped with the distance of each image to the centre of its new group.

        Images that a person put somewhere have none. Those in groups that are no categories keep that of `before`.
        """
        kinds = {group.id: group.kind for group in sorting.groups}
        own = self.likeness.distances([-1 if n in sorting.held else group for n, group in enumerate(sorting.images)])
        old = before.distances or (None,) * len(own)
        distances = tuple(
            None if n in sorting.held else old[n] if kinds[group] in FIXED_KINDS else own[n]
            for n, group in enumerate(sorting.images)
        )
        return replace(sorting, distances=distances)

    def _made_map(self) -> list[list[float]]:
        study = self.proposal.study
        if study is None or study.matrix is None:
            raise NotNowError("no model looked at these images, so there is no map of them.")
        if not self._has_cache:
            places = map_of(study)
        else:
            with closing(MapCache(notice=self._listener.notice)) as cache:
                places = map_of(study, cache)
        assert places is not None
        rounded: list[list[float]] = places.round(4).tolist()
        return rounded


def _members(sorting: Sorting) -> dict[int, tuple[int, ...]]:
    """Return the numbers of the images of each group, by its id."""
    members: dict[int, list[int]] = {group.id: [] for group in sorting.groups}
    for number, group in enumerate(sorting.images):
        members[group].append(number)
    return {group: tuple(numbers) for group, numbers in members.items()}
