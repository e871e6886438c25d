"""What a model is trained on and how, and what any way of training it gives."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from imgsort.images.decoding.decode import ReadSettings
from imgsort.jobs.learn.steps.settings import LearnSettings
from imgsort.jobs.learn.steps.training_data import TrainingData
from imgsort.jobs.listener import Listener
from imgsort.learning.network.head import Head
from imgsort.learning.network.history import HistoryRow
from imgsort.learning.result.classifier import NetworkRecord

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True)
class TrainingTask:
    """One model to be trained, on images that are divided already."""

    data: TrainingData
    settings: LearnSettings
    read: ReadSettings
    listener: Listener

    def hearing(self, history: list[HistoryRow], total: int) -> Callable[[HistoryRow], None]:
        """Return what adds each row to `history` and tells the listener of it, of `total` rows at most."""

        def hear(row: HistoryRow) -> None:
            history.append(row)
            self.listener.trained(row, total)

        return hear


@dataclass(frozen=True)
class Learned:
    """What either way of training gives. `features`: of each part, train, validation, test.

    `validated`: the head that has not seen the validation images, by which they tell what it is worth. `is_whole`:
    training was not interrupted.
    """

    network: Any
    record: NetworkRecord
    head: Head
    validated: Head
    features: "tuple[NDArray[np.float32], ...]"
    history: tuple[HistoryRow, ...]
    is_whole: bool = True
