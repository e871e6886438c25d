import pytest

from tests.support.served import Reviews


@pytest.fixture
def reviews():
    """Starts real reviews; those that still run are killed after the test."""
    started = Reviews()
    yield started
    started.close()
