"""Pictures that arrive in an inbox."""

import pytest

from tests.support.classifiers import KINDS, files_of


@pytest.fixture
def pictures(demo_photos):
    """Return pictures of the demo's photographs, of all kinds."""
    return [file for kind in KINDS for file in files_of(demo_photos, kind)]
