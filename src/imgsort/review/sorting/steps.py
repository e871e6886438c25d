"""Keeps the steps of a review, so that each can be undone and done again."""

from dataclasses import dataclass, field

from imgsort.errors import CorrectionError
from imgsort.review.sorting.corrections import Sorting

# Steps share what they do not change. At worst each step has two numbers of its own for every image: 80 MB in all.
_MOST_NUMBERS = 10_000_000
_MOST_STEPS = 1000


@dataclass(frozen=True)
class Step:
    """A step that was made: the sorting before and after it, and words for it.

    `is_regrouping`: the slider made it. `corrections`: how many corrections it stands for. `offer`: the id of the offer
    that it took up, or None.
    """

    before: Sorting
    after: Sorting
    words: str
    is_regrouping: bool = False
    corrections: int = 1
    offer: str | None = None


@dataclass
class Steps:
    """The sorting as it is now, the steps that led to it, and those that were undone."""

    now: Sorting
    done: list[Step] = field(default_factory=list)
    undone: list[Step] = field(default_factory=list)

    @property
    def last(self) -> str | None:
        """Words for the step that an undo takes back."""
        return self.done[-1].words if self.done else None

    @property
    def corrections(self) -> int:
        """How many corrections led to the present sorting."""
        return sum(step.corrections for step in self.done)

    @property
    def taken(self) -> list[str]:
        """The ids of the offers that are part of the present sorting."""
        return [step.offer for step in self.done if step.offer is not None]

    @property
    def ungrouped(self) -> Sorting:
        """The sorting before the latest steps that regrouped, one after another; the present one if there are none.

        The slider starts from it each time: so names that a small number of categories has no place for come back.
        """
        sorting = self.now
        for step in reversed(self.done):
            if not step.is_regrouping:
                break
            sorting = step.before
        return sorting

    def add(
        self,
        after: Sorting,
        words: str,
        *,
        is_regrouping: bool = False,
        corrections: int = 1,
        offer: str | None = None,
    ) -> bool:
        """Make a step. Return False if it changes nothing and takes up no offer; then it is not kept."""
        if after == self.now and offer is None:
            return False
        self.done.append(Step(self.now, after, words, is_regrouping, corrections, offer))
        self.undone.clear()
        self.now = after
        del self.done[: -min(_MOST_STEPS, max(50, _MOST_NUMBERS // max(1, 2 * len(after.images))))]
        return True

    def undo(self) -> None:
        """Take back the last step. Raises CorrectionError if there is none."""
        if not self.done:
            raise CorrectionError("there is nothing to undo.")
        step = self.done.pop()
        self.undone.append(step)
        self.now = step.before

    def redo(self) -> None:
        """Do the step again that was undone last. Raises CorrectionError if there is none."""
        if not self.undone:
            raise CorrectionError("there is nothing to redo.")
        step = self.undone.pop()
        self.done.append(step)
        self.now = step.after
