"""A plan for an object store, for the tests of what carries it out."""

import pytest

from tests.support.stores import SOURCE, folder_of, write_plan


@pytest.fixture
def plan(bucket, tmp_path):
    """A plan that copies three images and a sidecar."""
    bucket.put(SOURCE)
    write_plan(bucket, tmp_path / "plan.csv", folder_of)
    return tmp_path / "plan.csv"
