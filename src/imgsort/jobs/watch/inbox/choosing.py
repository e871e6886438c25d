"""Chooses the images of an inbox that are filed next: those that rest, are whole and are not to stay."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from imgsort.jobs.watch.inbox.arrivals import Arrival, Mark, Sight
from imgsort.jobs.watch.inbox.bell import Bell
from imgsort.jobs.watch.inbox.memory import Memory
from imgsort.jobs.watch.inbox.unfinished import is_unfinished
from imgsort.jobs.watch.inbox.whole import shortage

# An image that is not whole is taken as it is when it has rested for so many times `settle`: then its reader judges it.
RESTS_UNTIL_GIVEN_UP = 30
_MOST_NAMED = 3


@dataclass(frozen=True)
class Choice:
    """What is to be filed now, and in how many seconds more may be ready, or None if nothing more is expected."""

    arrivals: tuple[Arrival, ...]
    next_in: float | None


class Choosing:
    """Chooses from one sight of the inbox after another.

    `settle`: how many seconds an image must rest. `most`: how many images are filed at a time. `by_date`: give up an
    image that is not whole by its date too, because nobody has watched it for long. `takes_sidecars`: sidecars go with
    their images, so one that came too late is named.
    """

    def __init__(
        self,
        inbox: Path,
        memory: Memory,
        bell: Bell,
        notice: Callable[[str], None],
        *,
        settle: float,
        most: int,
        by_date: bool = False,
        takes_sidecars: bool = True,
    ) -> None:
        self._inbox, self._memory, self._bell, self._notice = inbox, memory, bell, notice
        self._settle, self._most, self._by_date = settle, most, by_date
        self._checked: dict[str, tuple[Mark, str | None]] = {}
        self._takes_sidecars = takes_sidecars
        self._said: set[str] = set()
        self._sidecars: dict[str, set[str]] = {}

    def choose(self, sight: Sight, *, gathers: bool = True) -> Choice:
        """Return what to file now. `gathers`: wait a little for images that arrive with those that are ready."""
        new = [arrival for arrival in sight.arrivals if not self._memory.knows(arrival)]
        names = {arrival.name for arrival in new}
        if self._takes_sidecars:
            self._tell_late_sidecars(sight, names)
        self._checked = {name: checked for name, checked in self._checked.items() if name in names}
        self._said &= names | sight.others.keys()
        resting = [arrival for arrival in new if arrival.rested >= self._settle]
        coming = [self._settle - arrival.rested for arrival in new if arrival.rested < self._settle]
        if gathers and coming and resting and len(resting) < self._most and resting[0].rested < 2 * self._settle:
            return Choice((), min(*coming, 2 * self._settle - resting[0].rested))
        chosen, waiting = self._whole(resting)
        self._tell(waiting, sight)
        if chosen:
            return Choice(tuple(chosen), 0.0)
        due = coming + [self._given_up_after - arrival.rested for arrival, _ in waiting]
        return Choice((), min(due, default=None))

    def _whole(self, resting: list[Arrival]) -> tuple[list[Arrival], list[tuple[Arrival, str]]]:
        """Return the images to file, at most as many as go into a batch, and those that wait, with the reason."""
        chosen: list[Arrival] = []
        waiting: list[tuple[Arrival, str]] = []
        for arrival in resting:
            if len(chosen) == self._most or self._bell.has_ended:
                break
            missing = None if self._is_given_up(arrival) else self._missing(arrival)
            if missing is None:
                chosen.append(arrival)
            else:
                waiting.append((arrival, missing))
        return chosen, waiting

    def _missing(self, arrival: Arrival) -> str | None:
        if arrival.is_under_way:
            return "a file beside it shows that it is not finished"
        mark, missing = self._checked.get(arrival.name, (None, None))
        if mark != arrival.mark:
            missing = shortage(arrival.image.place_in(self._inbox), arrival.name)
            self._checked[arrival.name] = arrival.mark, missing
        return missing

    @property
    def _given_up_after(self) -> float:
        return RESTS_UNTIL_GIVEN_UP * self._settle

    def _is_given_up(self, arrival: Arrival) -> bool:
        age = (time.time_ns() - arrival.mark.ctime_ns) / 10**9 if self._by_date else 0.0
        return max(arrival.rested, age) >= self._given_up_after

    def _tell(self, waiting: list[tuple[Arrival, str]], sight: Sight) -> None:
        """Say, once for each file, what waits and what stays."""
        reasons = {arrival.name: reason for arrival, reason in waiting}
        fresh = self._fresh(reasons)
        if fresh:
            first = f"{fresh[0]} ({reasons[fresh[0]]})"
            more = "" if len(fresh) == 1 else f" {len(fresh)} such images came; this is the first."
            until = f"until it is, or has rested for {self._given_up_after:g} s; then it is read as it is"
            self._notice(f"{first} is not whole yet. It waits {until}.{more}")
        strange = [name for name, rested in sight.others.items() if rested >= self._settle and not is_unfinished(name)]
        stays = self._fresh(strange)
        if stays:
            named = ", ".join(
                f"{name} ({sight.reasons[name]})" if name in sight.reasons else name for name in stays[:_MOST_NAMED]
            )
            rest = f" and {len(stays) - _MOST_NAMED} more" if len(stays) > _MOST_NAMED else ""
            self._notice(f"no images, so they stay: {named}{rest}.")

    def _tell_late_sidecars(self, sight: Sight, new: set[str]) -> None:
        """Say, once for each, which sidecars came after their image was filed and stayed, or was left alone."""
        earlier = self._sidecars
        self._sidecars = {each.name: {sidecar.path for sidecar in each.image.sidecars} for each in sight.arrivals}
        for name in self._sidecars.keys() - new:
            for sidecar in sorted(self._sidecars[name] - earlier.get(name, self._sidecars[name])):
                self._notice(f"{sidecar} came after its image {name}, which is not taken again. So it stays.")

    def _fresh(self, names: "list[str] | dict[str, str]") -> list[str]:
        """Return those of the names that were not said yet, and take them as said."""
        fresh = sorted(name for name in names if name not in self._said)
        self._said.update(fresh)
        return fresh
