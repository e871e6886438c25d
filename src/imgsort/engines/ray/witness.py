"""Remembers what workers have begun, so that a worker knows if another one died over the same work.

Ray begins work again whose worker died, without end and without a word to the next worker.
"""

from collections import Counter


class Witness:
    """An actor without a model, one for all workers. If its machine is lost, it begins anew and knows nothing."""

    def __init__(self) -> None:
        self._begun: Counter[str] = Counter()

    def begin(self, work: str) -> int:
        """Note that somebody begins `work`. Return how often that was so, without an end."""
        self._begun[work] += 1
        return self._begun[work]

    def end(self, work: str) -> None:
        """Note that somebody has ended `work` well."""
        del self._begun[work]
