"""Trains a network with Keras on batches of augmented images, stops early, and keeps the best epoch."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from imgsort.errors import MissingPackageError, UsageError
from imgsort.features.keras_backend import import_keras
from imgsort.learning.network.history import HistoryRow
from imgsort.learning.network.measures import accuracy, cross_entropy
from imgsort.learning.network.networks import Augmentation, with_augmentation

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True)
class TrainingSettings:
    """How a network is trained.

    Training ends after `patience` epochs without a lower loss on the validation images. `balanced` means that all
    classes count the same, however many images each has. `tensorboard` is a folder for TensorBoard's logs.
    """

    epochs: int
    batch_size: int
    learning_rate: float
    augment: Augmentation = "light"
    balanced: bool = True
    patience: int = 6
    seed: int = 0
    tensorboard: Path | None = None


@dataclass(frozen=True)
class Squares:
    """Images as squares, with their classes.

    `pixels` is uint8 (n, size, size, 3), RGB. The array may lie in a file. `labels` is intp (n,).
    """

    pixels: "NDArray[np.uint8]"
    labels: "NDArray[np.intp]"


def seed_everything(seed: int) -> None:
    """Make everything that is drawn at random from now on depend only on `seed`, even the first weights.

    Sums also give the same result in every run.
    """
    keras = import_keras()
    import tensorflow as tf

    keras.utils.set_random_seed(seed)
    tf.config.experimental.enable_op_determinism()


def train_network(
    network: Any, train: Squares, validation: Squares, settings: TrainingSettings, hear: Callable[[HistoryRow], None]
) -> bool:
    """Train the network, and leave it with the weights of the epoch that has the lowest loss on `validation`.

    The loss is binary cross-entropy for a head with one output, and categorical cross-entropy for more outputs. The
    optimiser is Adam, at a rate that falls to zero over the epochs (Loshchilov & Hutter, 2017, arXiv:1608.03983).
    `hear` is called with a row after each epoch.

    After the first epoch, Ctrl-C ends the training, and the best weights so far are kept. The function then returns
    False, otherwise True. Raises MissingPackageError if TensorBoard is asked for and not installed, and UsageError for
    a learning rate at which the loss grows without bounds.
    """
    keras = import_keras()
    trained = with_augmentation(network, settings.augment, settings.seed)
    is_binary = network.output_shape[-1] == 1
    loss = keras.losses.BinaryCrossentropy() if is_binary else keras.losses.SparseCategoricalCrossentropy()
    steps = settings.epochs * math.ceil(len(train.labels) / settings.batch_size)
    rate = keras.optimizers.schedules.CosineDecay(settings.learning_rate, steps)
    trained.compile(keras.optimizers.Adam(rate), loss, metrics=["accuracy"])
    seen = predict(network, validation.pixels, settings.batch_size)
    best = _Best(network, cross_entropy(seen, validation.labels))
    logs = tensorboard_logs(settings.tensorboard)

    def at_end_of_epoch(epoch: int, figures: dict[str, float]) -> None:
        seen = predict(network, validation.pixels, settings.batch_size)
        losses = cross_entropy(seen, validation.labels), accuracy(seen, validation.labels)
        row = HistoryRow("network", epoch + 1, figures["loss"], figures["accuracy"], *losses)
        if not math.isfinite(row.loss + row.validation_loss):
            raise UsageError(
                f"learning rate {settings.learning_rate:g}: the loss becomes infinite in epoch {row.step}. "
                "Give a lower --learning-rate."
            )
        trained.stop_training = best.epochs_since(row) >= settings.patience
        logs(row)
        hear(row)

    try:
        trained.fit(
            _shuffled_batches(train, settings),
            epochs=settings.epochs,
            callbacks=[keras.callbacks.LambdaCallback(on_epoch_end=at_end_of_epoch)],
            class_weight=class_weights(train.labels) if settings.balanced else None,
            verbose=0,
        )
    except KeyboardInterrupt:
        if not best.epochs:
            raise
        return False
    finally:
        best.restore()
    return True


def _shuffled_batches(squares: Squares, settings: TrainingSettings) -> Any:
    """Return the batches for Keras: float32 pixels and labels, in a new order in each epoch."""
    import numpy as np

    keras = import_keras()
    random = np.random.default_rng(settings.seed)

    dataset: Any = keras.utils.PyDataset

    class Batches(dataset):  # type: ignore[misc]  # Keras is imported when it is needed
        def __init__(self) -> None:
            super().__init__()
            self._order = random.permutation(len(squares.labels))

        def __len__(self) -> int:
            return math.ceil(len(self._order) / settings.batch_size)

        def __getitem__(self, number: int) -> "tuple[NDArray[np.float32], NDArray[np.intp]]":
            rows = self._order[number * settings.batch_size :][: settings.batch_size]
            return squares.pixels[rows].astype(np.float32), squares.labels[rows][:, None]

        def on_epoch_end(self) -> None:
            self._order = random.permutation(len(squares.labels))

    return Batches()


def predict(network: Any, pixels: "NDArray[np.uint8]", batch_size: int) -> "NDArray[np.float32]":
    """Return the probability of each class, float32 (n, classes), for any number of outputs of the head."""
    import numpy as np

    outputs = in_batches(network, pixels, batch_size)
    return np.hstack([1 - outputs, outputs]) if outputs.shape[1] == 1 else outputs


def in_batches(model: Any, pixels: "NDArray[np.uint8]", batch_size: int) -> "NDArray[np.float32]":
    """Return the outputs of the model for every image, float32 (n, outputs), computed batch by batch."""
    import numpy as np

    if not len(pixels):
        return np.empty((0, model.output_shape[-1]), np.float32)
    starts = range(0, len(pixels), batch_size)
    parts = [model.predict_on_batch(pixels[start : start + batch_size].astype(np.float32)) for start in starts]
    return np.concatenate(parts)


def class_weights(labels: "NDArray[np.intp]") -> dict[int, float]:
    """Return how much an image of each class counts, so that all classes count the same."""
    import numpy as np
    from sklearn.utils.class_weight import compute_class_weight

    classes = np.unique(labels)
    return dict(
        zip(classes.tolist(), compute_class_weight("balanced", classes=classes, y=labels).tolist(), strict=True)
    )


class _Best:
    """The weights of the best epoch so far.

    At first, these are the weights before any epoch, because the `loss` of a fitted head is hard to beat.
    """

    def __init__(self, network: Any, loss: float) -> None:
        self._network = network
        self._weights = network.get_weights()
        self._loss = loss
        self._since = 0
        self.epochs = 0

    def epochs_since(self, row: HistoryRow) -> int:
        """Record an epoch, and return the number of epochs since the best one."""
        self.epochs += 1
        self._since += 1
        if row.validation_loss < self._loss:
            self._loss, self._since, self._weights = row.validation_loss, 0, self._network.get_weights()
        return self._since

    def restore(self) -> None:
        self._network.set_weights(self._weights)


def tensorboard_logs(folder: Path | None) -> Callable[[HistoryRow], None]:
    """Return a function that writes a row of the history to TensorBoard's logs.

    Without a folder, the function does nothing. Raises MissingPackageError if TensorBoard is not installed.
    """
    if folder is None:
        return lambda row: None
    try:
        import tensorboard  # noqa: F401
    except ImportError as error:
        raise MissingPackageError(
            "--tensorboard needs TensorBoard: run `pip install '.[tensorboard]'` in a checkout of imgsort."
        ) from error
    import_keras()
    import tensorflow as tf

    writers = {part: tf.summary.create_file_writer(str(folder / part)) for part in ("train", "validation")}

    def write(row: HistoryRow) -> None:
        figures = {"train": (row.loss, row.accuracy), "validation": (row.validation_loss, row.validation_accuracy)}
        for part, (loss, right) in figures.items():
            with writers[part].as_default(step=row.step):
                tf.summary.scalar("loss", loss)
                tf.summary.scalar("accuracy", right)
            writers[part].flush()

    return write
