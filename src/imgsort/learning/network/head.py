"""The last layer: features to the probability of each class. Fitted in seconds, without TensorFlow."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from imgsort.learning.network.history import HistoryRow
from imgsort.learning.network.measures import accuracy, cross_entropy

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

# Weakest last, as inverse strengths; each step begins where the one before it ended.
_STRENGTHS = (0.01, 0.04, 0.16, 0.64, 2.5, 10.0, 40.0, 160.0)
MOST_STEPS = len(_STRENGTHS)
_PATIENCE = 2
_MOST_ITERATIONS = 300
_TOLERANCE = 1e-4


@dataclass(frozen=True)
class Head:
    """A dense layer. `kernel`: float32 (d, outputs), `bias`: float32 (outputs,).

    Two classes have one output, the logit of the second class; more have one each.
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
    """`features`: float32 (n, d); `labels`: intp (n,), the number of each row's class."""

    features: "NDArray[np.float32]"
    labels: "NDArray[np.intp]"


def together(first: Examples, second: Examples) -> Examples:
    """Return the rows of both."""
    import numpy as np

    return Examples(np.concatenate([first.features, second.features]), np.concatenate([first.labels, second.labels]))


@dataclass(frozen=True)
class FittedHead:
    """`head`: as it was fitted on the images to learn from; `strength`: its regularisation, inverse as `C` of
    scikit-learn.
    """

    head: Head
    strength: float


def fit_head(
    train: Examples, validation: Examples, *, balanced: bool, seed: int, hear: Callable[[HistoryRow], None]
) -> FittedHead:
    """Fit a logistic regression, with the regularisation that is best on `validation`.

    From the strongest to the weakest, until the loss on `validation` has not fallen any more twice: each step is a
    row of the history, which `hear` gets. `balanced`: classes count alike, however many images each has. Features
    are centred and brought to unit mean square first; what was done to them is folded into the head.
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
    """Fit a logistic regression whose regularisation has been chosen, on all the images that are not for the test."""
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
    """`rows`: float32 (n, r), what a model is fitted on: features, less their `mean`, by `scale`, along the columns of
    `basis`, float32 (d, r).
    """

    rows: "NDArray[np.float32]"
    mean: "NDArray[np.float32]"
    scale: float
    basis: "NDArray[np.float32] | None"

    def head(self, model: Any) -> Head:
        """Return the head that says of features what the model says of `rows`."""
        import numpy as np

        kernel = model.coef_.T if self.basis is None else self.basis @ model.coef_.T
        kernel = kernel / self.scale
        return Head(kernel.astype(np.float32), (model.intercept_ - self.mean @ kernel).astype(np.float32))


def _coordinates_of(features: "NDArray[np.float32]") -> _Coordinates:
    """Centre the features, bring rows to a mean square of 1, and leave out dimensions in which they do not differ.

    Fewer rows than features lie in a space of their own, in which a fit with an L2 penalty is the same and quicker.
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
    """Fit the model. That the weakest regularisations do not come to an end is of no matter: the best is taken."""
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
