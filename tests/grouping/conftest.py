"""What tests of clustering share."""

import pytest
from threadpoolctl import threadpool_limits


@pytest.fixture(scope="module")
def one_thread():
    """For few rows scikit-learn's threads take longer to wait for each other than to work."""
    with threadpool_limits(1):
        yield
