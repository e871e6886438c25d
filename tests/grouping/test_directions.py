import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from imgsort.grouping.directions import Directions, unit_rows

small_integers = arrays(
    np.float64, array_shapes(min_dims=2, max_dims=2, max_side=8), elements=st.integers(-50, 50).map(float)
)


def photographs(n: int = 30, width: int = 8, seed: int = 0) -> np.ndarray:
    """Return float32 (n, width), with values above zero, like the features of a photograph."""
    return np.random.default_rng(seed).uniform(0.5, 4, size=(n, width)).astype(np.float32)


@given(small_integers, st.sampled_from([np.float32, np.float64]))
def test_rows_get_the_length_one_and_keep_their_direction(rows, dtype):
    """Each row is its unit row times its length, and a row of zeros stays as it is."""
    rows = rows.astype(dtype)
    units, lengths = unit_rows(rows), np.linalg.norm(rows, axis=1)
    assert units.dtype == dtype
    assert np.allclose(np.linalg.norm(units, axis=1), lengths > 0, atol=1e-6)
    assert np.allclose(units * lengths[:, None], rows, atol=1e-4)


def test_half_of_the_mean_is_taken():
    """Half of the mean is subtracted from every row.

    By hand: the mean is (4, 2), so (2, 1) is subtracted. The row (2, 1) becomes zeros.
    """
    features = np.array([[5, 5], [2, 1], [5, 0]], np.float32)
    model = Directions().fit_parts([features])
    assert np.array_equal(model.mean_, [4, 2])
    assert np.allclose(model.transform(features), [[0.6, 0.8], [0, 0], [3 / 10**0.5, -1 / 10**0.5]])


@given(st.integers(1, 60), st.integers(1, 9), st.integers(0, 99))
def test_parts_do_not_matter(n, parts, seed):
    """However the rows are divided into parts, the mean is that of all rows, in double precision."""
    features = photographs(n, seed=seed)
    model = Directions().fit_parts(part for part in np.array_split(features, parts) if len(part))
    assert model.mean_.dtype == np.float64
    assert np.allclose(model.mean_, features.mean(axis=0, dtype=np.float64), rtol=1e-12)


@pytest.mark.parametrize("strength", [0.01, 1000])
def test_how_strong_all_features_are_does_not_matter(strength):
    """If all rows are multiplied by one number, their directions stay the same."""
    features = photographs()
    expected = Directions().fit_parts([features]).transform(features)
    stronger = (features * strength).astype(np.float32)
    assert np.allclose(Directions().fit_parts([stronger]).transform(stronger), expected, atol=1e-5)


def test_what_all_share_counts_for_less():
    """Rows that have much in common and differ little lie farther apart as directions.

    They never lie nearer.
    """
    random = np.random.default_rng(0)
    features = (random.normal(size=(20, 16)) + 30).astype(np.float32)
    seen = Directions().fit_parts([features]).transform(features)
    before, after = (units @ units.T for units in (unit_rows(features), seen))
    assert (after[np.triu_indices(20, 1)] < before[np.triu_indices(20, 1)]).all()


def test_fit_returns_itself_and_leaves_its_input():
    """The input is not changed, and directions are float32, whatever dtype comes in."""
    features, model = photographs(), Directions()
    assert model.fit_parts([features]) is model
    assert model.transform(features).dtype == model.transform(features.astype(np.float64)).dtype == np.float32
    assert np.array_equal(features, photographs())
