"""Holds a fixture that the clustering tests share."""

import pytest
from threadpoolctl import threadpool_limits


@pytest.fixture(scope="module")
def one_thread():
    """Limit scikit-learn to one thread.

    For few rows, its threads take longer to wait for each other than to work.
    """
    with threadpool_limits(1):
        yield
