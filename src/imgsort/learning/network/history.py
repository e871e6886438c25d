"""Records how a training went, with one row for each step."""

from dataclasses import dataclass
from typing import Literal

Stage = Literal["head", "network"]


@dataclass(frozen=True)
class HistoryRow:
    """One step of a training.

    For a head, `step` is the number of the regularisation, from the strongest to the weakest. For a network, `step` is
    the epoch. Losses are cross-entropy.
    """

    stage: Stage
    step: int
    loss: float
    accuracy: float
    validation_loss: float
    validation_accuracy: float
