"""How a training went, a row a step."""

from dataclasses import dataclass
from typing import Literal

Stage = Literal["head", "network"]


@dataclass(frozen=True)
class HistoryRow:
    """`step`: of a head, the weakening of its regularisation; of a network, the epoch. Losses are cross-entropy."""

    stage: Stage
    step: int
    loss: float
    accuracy: float
    validation_loss: float
    validation_accuracy: float
