import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imgsort.errors import CorrectionError
from imgsort.review.sorting.corrections import Create, Merge, Move, Regroup, Rename
from imgsort.review.sorting.requests import correction_of, number_in


@pytest.mark.parametrize(
    ("record", "correction"),
    [
        ({"do": "move", "images": [2, 1, 2], "to": 3}, Move((2, 1), 3)),
        ({"do": "rename", "group": 1, "name": "x"}, Rename(1, "x")),
        ({"do": "merge", "groups": [1, 2], "into": 1}, Merge((1, 2), 1)),
        ({"do": "create", "name": "x", "images": []}, Create("x", ())),
        ({"do": "regroup", "clusters": 4}, Regroup(4)),
    ],
)
def test_a_record_becomes_a_correction(record, correction):
    """Each correction of the interface is read; a number that is given twice counts once."""
    assert correction_of(record) == correction


@pytest.mark.parametrize(
    "record",
    [
        None,
        [],
        "move",
        {},
        {"do": ["move"]},
        {"do": "delete"},
        {"do": "move", "images": [1]},
        {"do": "move", "images": 1, "to": 1},
        {"do": "move", "images": [True], "to": 1},
        {"do": "move", "images": [1.5], "to": 1},
        {"do": "rename", "group": "1", "name": "x"},
        {"do": "rename", "group": 1, "name": None},
        {"do": "regroup", "clusters": None},
    ],
)
def test_anything_else_is_refused(record):
    """A record that is no correction raises CorrectionError."""
    with pytest.raises(CorrectionError):
        correction_of(record)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda s: st.lists(s) | st.dictionaries(st.sampled_from(["do", "images", "to", "name"]), s),
    )
)
def test_no_json_breaks_it(record):
    """Whatever JSON comes, the answer is a correction or a CorrectionError."""
    for read in (correction_of, lambda value: number_in(value, "to")):
        with contextlib.suppress(CorrectionError):
            read(record)
