"""The last layer, which turns features into the probability of each class.

It is fitted in seconds, without TensorFlow.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from imgsort.learning.network.history import HistoryRow
from imgsort.learning.network.measures import accuracy, cross_entropy

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

# The inverse strengths of the regularisation, the weakest last. Each step begins where the one before it ended.
_STRENGTHS = (0.01, 0.04, 0.16, 0.64, 2.5, 10.0, 40.0, 160.0)
MOST_STEPS = len(_STRENGTHS)
_PATIENCE = 2
_MOST_ITERATIONS = 300
_TOLERANCE = 1e-4


@dataclass(frozen=True)
class Head:
    """A dense layer. `kernel` is float32 (d, outputs), and `bias` is float32 (outputs,).

    Two classes have one output, the logit of the second class. More than two classes have one output each.
    """

    kernel: "NDArray[np.float32]"
    bias: "NDArray[np.float32]"

    def probabilities(self, features: "NDArray[np.float32]") -> "NDArray[np.float32]":
        """Return the probability of each class, float32 (n, classes), by sigmoid or softmax."""
        import numpy as np
        from scipy.special import expit, softmax

        logits = features @ self.kernel + self.bias
        if logits.shape[1] == 1:
            second = expit(logits)
            return np.hstack([1 - second, second])
        return np.asarray(softmax(logits, axis=1))


@dataclass(frozen=True)
class Examples:
    """Features with their classes.

    `features` is float32 (n, d). `labels` is intp (n,), the number of each row's class.
    """

    features: "NDArray[np.float32]"
    labels: "NDArray[np.intp]"


def together(first: Examples, second: Examples) -> Examples:
    """Return the rows of both examples."""
    import numpy as np

    return Examples(np.concatenate([first.features, second.features]), np.concatenate([first.labels, second.labels]))


@dataclass(frozen=True)
class FittedHead:
    """A head and the regularisation that it was fitted with.

    `head` was fitted on the training images. `strength` is the inverse of its regularisation, like `C` of scikit-learn.
    """

    head: Head
    strength: float


def fit_head(
    train: Examples, validation: Examples, *, balanced: bool, seed: int, hear: Callable[[HistoryRow], None]
) -> FittedHead:
    """Fit a logistic regression with the regularisation that is best on `validation`.

    The steps go from the strongest regularisation to the weakest. They end when the loss on `validation` has not
    reached a new lowest value in two steps in a row. Each step is a row of the history, and `hear` is called with it.
    `balanced` means that all classes count the same, however many images each has. First, the features are centred and
    scaled to unit mean square. The head includes this change, so that it takes the features as they are.
    """
    coordinates = _coordinates_of(train.features)
    model = _model(balanced, seed)
    best: tuple[float, FittedHead] | None = None
    worse = 0
    for step, strength in enumerate(_STRENGTHS, start=1):
        head = coordinates.head(_fitted(model.set_params(C=strength), coordinates.rows, train.labels))
        row = _history_row(step, head, train, validation)
        hear(row)
        if best is None or row.validation_loss < best[0]:
            best, worse = (row.validation_loss, FittedHead(head, strength)), 0
        else:
            worse += 1
        if worse == _PATIENCE:
            break
    assert best is not None
    return best[1]


def fit_again(examples: Examples, strength: float, *, balanced: bool, seed: int) -> Head:
    """Fit a logistic regression with a chosen regularisation, on all the images that are not for the test."""
    coordinates = _coordinates_of(examples.features)
    model = _model(balanced, seed).set_params(C=strength)
    return coordinates.head(_fitted(model, coordinates.rows, examples.labels))


def _model(balanced: bool, seed: int) -> Any:
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression(
        warm_start=True,
        max_iter=_MOST_ITERATIONS,
        tol=_TOLERANCE,
        random_state=seed,
        class_weight="balanced" if balanced else None,
    )


@dataclass(frozen=True)
class _Coordinates:
    """The rows that a model is fitted on.

    `rows` is float32 (n, r): the features minus their `mean`, divided by `scale`, along the columns of `basis`, float32
    (d, r).
    """

    rows: "NDArray[np.float32]"
    mean: "NDArray[np.float32]"
    scale: float
    basis: "NDArray[np.float32] | None"

    def head(self, model: Any) -> Head:
        """Return the head that gives for features what the model gives for `rows`."""
        import numpy as np

        kernel = model.coef_.T if self.basis is None else self.basis @ model.coef_.T
        kernel = kernel / self.scale
        return Head(kernel.astype(np.float32), (model.intercept_ - self.mean @ kernel).astype(np.float32))


def _coordinates_of(features: "NDArray[np.float32]") -> _Coordinates:
    """Centre the features, scale them to a mean square of 1, and drop dimensions in which rows do not differ.

    If there are fewer rows than features, the rows lie in a smaller space. There, a fit with an L2 penalty is the same
    and faster.
    """
    import numpy as np
    from scipy.linalg import qr

    mean = features.mean(axis=0)
    rows = features - mean
    scale = max(float(np.sqrt(np.square(rows).sum(axis=1, dtype=np.float64).mean())), 1e-6)
    rows /= np.float32(scale)
    if len(rows) >= rows.shape[1]:
        return _Coordinates(rows, mean, scale, None)
    basis, coordinates = qr(rows.T, mode="economic", check_finite=False)
    return _Coordinates(np.ascontiguousarray(coordinates.T), mean, scale, basis)


def _fitted(model: Any, scaled: "NDArray[np.float32]", labels: "NDArray[np.intp]") -> Any:
    """Fit the model.

    With the weakest regularisations, the fit may not converge. This is harmless, because the best one is taken.
    """
    import warnings

    from sklearn.exceptions import ConvergenceWarning

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return model.fit(scaled, labels)


def _history_row(step: int, head: Head, train: Examples, validation: Examples) -> HistoryRow:
    seen, unseen = head.probabilities(train.features), head.probabilities(validation.features)
    return HistoryRow(
        "head",
        step,
        cross_entropy(seen, train.labels),
        accuracy(seen, train.labels),
        cross_entropy(unseen, validation.labels),
        accuracy(unseen, validation.labels),
    )
