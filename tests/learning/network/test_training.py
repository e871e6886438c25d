from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from imgsort.errors import UsageError
from imgsort.features.keras_backend import import_keras
from imgsort.learning.network.measures import accuracy, cross_entropy
from imgsort.learning.network.networks import build_small_network
from imgsort.learning.network.training import (
    Squares,
    TrainingSettings,
    class_weights,
    in_batches,
    predict,
    seed_everything,
    train_network,
)

FEW = TrainingSettings(epochs=4, batch_size=8, learning_rate=0.003, augment="none")


@pytest.fixture(autouse=True)
def determinism() -> Iterator[None]:
    """Switch off TensorFlow's determinism after each test, for the other tests."""
    yield
    import_keras()
    from tensorflow.python.framework import config

    config.disable_op_determinism()


def squares(counts: list[int], seed: int = 0) -> Squares:
    """Return squares of noise, with one brighter channel for each class.

    There are as many squares of each class as `counts` says.
    """
    random = np.random.default_rng(seed)
    labels = random.permutation(np.repeat(np.arange(len(counts)), counts))
    pixels = random.integers(0, 130, (len(labels), 32, 32, 3))
    pixels[np.arange(len(labels)), :, :, labels] += 110
    return Squares(pixels.astype(np.uint8), labels)


def mislabelled(squares: Squares, classes: int) -> Squares:
    """Return the squares with every label wrong. A network that learns gets worse and worse on them."""
    return Squares(squares.pixels, (squares.labels + 1) % classes)


def trained(network: Any, settings: TrainingSettings = FEW, *, classes: int = 3, **data: Squares) -> tuple[bool, list]:
    """Train on made-up squares. Return what the training returned, and the history."""
    rows: list = []
    train = data.get("train", squares([10] * classes))
    validation = data.get("validation", squares([6] * classes, seed=1))
    return train_network(network, train, validation, settings, rows.append), rows


def validation_loss(network: Any, squares: Squares) -> float:
    return cross_entropy(predict(network, squares.pixels, 8), squares.labels)


@pytest.mark.parametrize("classes", [2, 3])
def test_an_easy_set_is_learned(classes):
    """The loss falls and unseen images are classified correctly, with two and with three classes."""
    seed_everything(0)
    network = build_small_network(32, classes)
    settings = TrainingSettings(epochs=8, batch_size=8, learning_rate=0.003, augment="none")
    is_whole, rows = trained(network, settings, classes=classes)
    assert is_whole
    assert [(row.stage, row.step) for row in rows] == [("network", step) for step in range(1, 9)]
    assert rows[-1].loss < 0.7 * rows[0].loss
    assert rows[-1].accuracy > 0.8
    unseen = squares([10] * classes, seed=2)
    assert accuracy(predict(network, unseen.pixels, 8), unseen.labels) > 0.9


def test_the_same_seed_gives_the_same_weights():
    """The same seed gives the same numbers twice, with augmentation, shuffling and dropout."""
    found = []
    for _ in range(2):
        seed_everything(5)
        network = build_small_network(32, 3)
        settings = TrainingSettings(epochs=1, batch_size=8, learning_rate=0.003, augment="strong", seed=5)
        data = squares([6, 6, 6])
        _, rows = trained(network, settings, train=data, validation=data)
        found.append((np.concatenate([weights.ravel() for weights in network.get_weights()]), rows))
    assert np.array_equal(found[0][0], found[1][0])
    assert found[0][1] == found[1][1]


def test_another_seed_gives_other_weights():
    """The first weights depend on the seed."""
    found = []
    for seed in (5, 6):
        seed_everything(seed)
        found.append(build_small_network(32, 3).get_weights()[0])
    assert not np.array_equal(*found)


def kept(before: float, rows: list) -> float:
    """Return the lowest validation loss of all epochs and of the time before the first epoch."""
    return min([before, *(row.validation_loss for row in rows)])


def test_what_training_makes_worse_is_left(tiny_network):
    """If every epoch makes the network worse, it keeps its old weights.

    Two epochs without a lower loss end the training.
    """
    seed_everything(0)
    network = tiny_network()
    before = [weights.copy() for weights in network.get_weights()]
    validation = mislabelled(squares([6, 6, 6], seed=1), 3)
    settings = TrainingSettings(epochs=9, batch_size=8, learning_rate=0.03, augment="none", patience=2)
    is_whole, rows = trained(network, settings, validation=validation)
    assert is_whole
    assert len(rows) == 2
    assert all(map(np.array_equal, before, network.get_weights()))


def test_the_best_epoch_is_kept(tiny_network):
    """If the network gets better and then worse, the best epoch is kept, not the last."""
    seed_everything(0)
    network = tiny_network()
    validation = squares([10, 10, 10], seed=1)
    # One label in three is wrong. So a growing confidence makes the loss worse in the end.
    wrong = np.where(np.arange(30) % 3 == 0, (validation.labels + 1) % 3, validation.labels)
    validation = Squares(validation.pixels, wrong)
    before = validation_loss(network, validation)
    settings = TrainingSettings(epochs=15, batch_size=8, learning_rate=0.05, augment="none", patience=3)
    _, rows = trained(network, settings, validation=validation)
    losses = [row.validation_loss for row in rows]
    assert min(losses) < before
    assert losses.index(min(losses)) == len(losses) - 1 - 3
    assert validation_loss(network, validation) == pytest.approx(min(losses), abs=1e-5)


def test_the_last_epoch_is_kept_where_it_is_the_best(tiny_network):
    """The figures of the best row are the figures of the network that is kept."""
    seed_everything(0)
    network = tiny_network()
    validation = squares([6, 6, 6], seed=1)
    _, rows = trained(network, validation=validation)
    assert rows[-1].validation_loss == min(row.validation_loss for row in rows)
    assert validation_loss(network, validation) == pytest.approx(rows[-1].validation_loss, abs=1e-5)
    assert accuracy(predict(network, validation.pixels, 8), validation.labels) == rows[-1].validation_accuracy


@pytest.mark.parametrize("improves", [True, False])
def test_ctrl_c_keeps_the_best_so_far(tiny_network, improves):
    """If Ctrl-C stops training at the third epoch, it returns False and keeps the best network.

    The third epoch counts too.
    """
    seed_everything(0)
    network = tiny_network()
    validation = squares([6, 6, 6], seed=1)
    if not improves:
        validation = mislabelled(validation, 3)
    before = validation_loss(network, validation)
    rows = []

    def hear(row: Any) -> None:
        rows.append(row)
        if len(rows) == 3:
            raise KeyboardInterrupt

    settings = TrainingSettings(epochs=20, batch_size=8, learning_rate=0.03, augment="none")
    assert train_network(network, squares([10, 10, 10]), validation, settings, hear) is False
    assert len(rows) == 3
    assert (kept(before, rows) == rows[-1].validation_loss) == improves
    assert validation_loss(network, validation) == pytest.approx(kept(before, rows), abs=1e-5)


def test_another_error_is_not_hidden(tiny_network):
    """An error that `hear` raises is passed on."""

    def hear(row: Any) -> None:
        raise LookupError("no")

    with pytest.raises(LookupError):
        train_network(tiny_network(), squares([4, 4, 4]), squares([4, 4, 4]), FEW, hear)


@pytest.mark.parametrize(("counts", "balanced"), [([9, 1, 4], True), ([1, 30], False)])
def test_classes_of_any_size_are_trained(tiny_network, counts, balanced):
    """Training reaches its end with finite figures, whatever the sizes of the classes.

    A class may have few images, the last batch may have one image, and classes may be balanced or not.
    """
    settings = TrainingSettings(epochs=1, batch_size=6, learning_rate=0.01, augment="none", balanced=balanced)
    data = squares(counts)
    is_whole, rows = trained(tiny_network(len(counts)), settings, train=data, validation=data)
    assert is_whole
    assert np.isfinite([rows[0].loss, rows[0].validation_loss, rows[0].accuracy, rows[0].validation_accuracy]).all()


def test_classes_count_alike():
    """The weight of an image times the number of images is the same for each class.

    The weight of an image is 1 on average.
    """
    labels = np.array([0] * 9 + [1] * 3 + [3] * 4)
    weights = class_weights(labels)
    sums = Counter({label: weights[label] * count for label, count in Counter(labels.tolist()).items()})
    assert len({round(total, 9) for total in sums.values()}) == 1
    assert class_weights(np.array([0, 1, 1, 0])) == {0: 1.0, 1: 1.0}
    balanced = class_weights(np.array([0] * 9 + [1] * 3))
    assert balanced == pytest.approx({0: 12 / 18, 1: 2.0})


def test_nothing_but_what_is_trained_is_changed(tmp_path, monkeypatch, tiny_network):
    """Frozen layers do not change, and the squares are only read. Without a folder for logs, nothing is written."""
    monkeypatch.chdir(tmp_path)
    data = squares([6, 6, 6])
    data.pixels.flags.writeable = data.labels.flags.writeable = False
    network = tiny_network()
    convolution = network.layers[2]
    convolution.trainable = False
    before = [weights.copy() for weights in convolution.get_weights()]
    head = network.get_layer("classes").get_weights()[0].copy()
    trained(network, train=data, validation=data)
    assert list(tmp_path.iterdir()) == []
    assert all(map(np.array_equal, before, convolution.get_weights()))
    assert not np.array_equal(head, network.get_layer("classes").get_weights()[0])


def scalars(folder: Path) -> dict[str, list[tuple[int, float]]]:
    """Return the steps and values of each figure in a folder of TensorBoard logs."""
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
    from tensorboard.util.tensor_util import make_ndarray

    events = EventAccumulator(str(folder)).Reload()
    return {
        tag: [(event.step, float(make_ndarray(event.tensor_proto))) for event in events.Tensors(tag)]
        for tag in events.Tags()["tensors"]
    }


def test_tensorboard_gets_the_history(tmp_path, tiny_network):
    """The logs hold the figures of every row. Training and validation each have a folder."""
    settings = TrainingSettings(epochs=3, batch_size=8, learning_rate=0.01, augment="none", tensorboard=tmp_path / "t")
    _, rows = trained(tiny_network(), settings)
    assert sorted(path.name for path in (tmp_path / "t").iterdir()) == ["train", "validation"]
    found = {part: scalars(tmp_path / "t" / part) for part in ("train", "validation")}
    for part, loss, right in (("train", "loss", "accuracy"), ("validation", "validation_loss", "validation_accuracy")):
        for tag, name in (("loss", loss), ("accuracy", right)):
            steps, values = zip(*found[part][tag], strict=True)
            assert steps == (1, 2, 3)
            assert values == pytest.approx([getattr(row, name) for row in rows], rel=1e-5)


@pytest.mark.parametrize("classes", [2, 3])
def test_predictions_come_in_batches(tiny_network, classes):
    """Each image gets a row with a probability for each class, whatever the batch size."""
    network = tiny_network(classes)
    pixels = squares([4] * classes).pixels
    whole = predict(network, pixels, len(pixels))
    assert whole.shape == (len(pixels), classes)
    assert whole.dtype == np.float32
    assert np.allclose(whole.sum(axis=1), 1, atol=1e-5)
    assert np.allclose(predict(network, pixels, 5), whole, atol=1e-5)
    assert predict(network, pixels[:0], 5).shape == (0, classes)
    assert in_batches(network, pixels[:0], 5).shape == (0, network.output_shape[-1])


def test_a_loss_without_bounds_is_said(tiny_network):
    """If numbers overflow, training ends with an error that says what to do.

    The learning rate is too high. The network keeps its old weights.
    """
    network = tiny_network()
    before = [weights.copy() for weights in network.get_weights()]
    settings = TrainingSettings(epochs=2, batch_size=8, learning_rate=1e30, augment="none")
    with pytest.raises(UsageError, match="lower --learning-rate"):
        trained(network, settings)
    assert all(map(np.array_equal, before, network.get_weights()))
