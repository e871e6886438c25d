"""Describes a training: its data, its settings and its result."""

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
    """One model to train, on images that are already divided."""

    data: TrainingData
    settings: LearnSettings
    read: ReadSettings
    listener: Listener

    def row_receiver(self, history: list[HistoryRow], total: int) -> Callable[[HistoryRow], None]:
        """Return a function that adds each row to `history` and reports it to the listener.

        `total`: the largest number of rows.
        """

        def receive(row: HistoryRow) -> None:
            history.append(row)
            self.listener.trained(row, total)

        return receive


@dataclass(frozen=True)
class Learned:
    """The result of a training, whichever way the model was trained.

    `features`: the features of each part: train, validation, test.
    `validated`: the head that has not seen the validation images. So these images show how good it is.
    `is_whole`: training was not interrupted.
    """

    network: Any
    record: NetworkRecord
    head: Head
    validated: Head
    features: "tuple[NDArray[np.float32], ...]"
    history: tuple[HistoryRow, ...]
    is_whole: bool = True
