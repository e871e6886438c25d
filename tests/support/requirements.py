"""Skips a test that needs what a machine may lack, or lets it fail where the machine promised to have it.

The variable IMGSORT_REQUIRE names what is promised, with commas: `.ci/run` installs a compiler and sets `compiler`.
"""

import os
from typing import NoReturn

import pytest


def skip_or_fail(requirement: str, reason: str) -> NoReturn:
    """Skip the test for the given reason; fail if IMGSORT_REQUIRE names the requirement."""
    if requirement in os.environ.get("IMGSORT_REQUIRE", "").split(","):
        pytest.fail(f"IMGSORT_REQUIRE promises {requirement}: {reason}")
    pytest.skip(reason)
