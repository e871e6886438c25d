from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imgsort.errors import CorrectionError
from imgsort.name_key import name_key
from imgsort.review.sorting.corrections import FIXED_KINDS, Create, Merge, Move, Regroup, Rename
from imgsort.review.sorting.regrouping import regrouped
from imgsort.review.sorting.steps import Steps
from tests.review.sorting.sortings import corrections, sorting_of, sortings


def corrected(steps, correction):
    """Make a correction as a session does; labels of a regrouping are made up from the numbers of the images."""
    if isinstance(correction, Regroup):
        count = correction.clusters
        labels = [(number * 7) % count for number in range(len(steps.now.images))]
        return steps.add(regrouped(steps.ungrouped, labels, count), correction.words(steps.now), is_regrouping=True)
    return steps.add(correction.apply(steps.now), correction.words(steps.now))


def require_sound(sorting):
    """Every image has one group that exists, names are unique, ids are unique, and fixed groups are all there."""
    ids = [group.id for group in sorting.groups]
    assert len(set(ids)) == len(ids) and max(ids) < sorting.next_id
    assert set(sorting.images) <= set(ids)
    keys = [name_key(group.name) for group in sorting.groups]
    assert len(set(keys)) == len(keys)
    assert {group.kind for group in sorting.groups} >= {"unsorted", "stays"}
    assert all(0 <= number < len(sorting.images) for number in sorting.held)


@given(sortings, st.lists(corrections, max_size=8))
def test_any_corrections_leave_a_sound_sorting_and_undo_restores_each_state(sorting, wanted):
    """After any corrections, wrong ones too, the sorting is sound; undo gives every state before, redo every after."""
    steps, states = Steps(sorting), [sorting]
    for correction in wanted:
        before = steps.now
        try:
            changed = corrected(steps, correction)
        except CorrectionError:
            assert steps.now is before
            continue
        assert changed == (steps.now != before)
        require_sound(steps.now)
        if changed:
            states.append(steps.now)
    for state in reversed(states[:-1]):
        steps.undo()
        assert steps.now == state
    with pytest.raises(CorrectionError):
        steps.undo()
    for state in states[1:]:
        steps.redo()
        assert steps.now == state
    with pytest.raises(CorrectionError):
        steps.redo()


def test_images_move_and_are_held_where_they_are():
    """Moved images are in the new group, and only these are marked as put there by hand."""
    sorting = Move((0, 3), 1).apply(sorting_of(3, 2))
    assert (sorting.images, sorting.held) == ((1, 0, 0, 1, 1), {0, 3})


def test_a_merged_category_is_gone_and_a_fixed_group_stays():
    """After a merge, all images are in one group; a category without images is gone, but Unsorted stays."""
    sorting = Move((0,), 2).apply(sorting_of(2, 2))
    merged = Merge((0, 2), 1).apply(sorting)
    assert set(merged.images) == {1}
    assert [group.name for group in merged.groups] == ["category_2", "Unsorted", "Stays"]


@pytest.mark.parametrize(
    "wrong",
    [
        Move((0,), 9),
        Move((5,), 0),
        Move((-1,), 0),
        Move((), 0),
        Rename(9, "Beach"),
        Rename(0, "CATEGORY_2"),
        Rename(0, "."),
        *(Rename(0, f"a{letter}b") for letter in "\u061c\u200e\u200f\u202a\u202e\u2066\u2069\x07\x85\u2028"),
        Create("\u202egpj", (0,)),
        Rename(2, "Beach"),
        Rename(3, "Beach"),
        Merge((0,), 0),
        Merge((9,), 0),
        Merge((), 0),
        Create("category_1", (0,)),
        Create("Beach", (99,)),
        *(Rename(0, name) for name in ("", " ", "/etc", "../x", "a/../b", ".hidden", "a/.b", "a\\b", "a\0b", "a\nb")),
        *(
            Rename(0, name)
            for name in (".imgsort", "a//b", "x" * 256, "ü" * 128, "\ud800", "\u202e", "a/ /b", "a\u2028b")
        ),
    ],
)
def test_what_makes_no_sense_is_refused(wrong):
    """Numbers without an image or group, names that are taken or that no plan accepts: each raises CorrectionError."""
    with pytest.raises(CorrectionError):
        wrong.apply(sorting_of(3, 2))


def test_a_name_may_be_a_path_and_loses_the_spaces_around_it():
    """A group may be called `holiday/beach`, as in a plan."""
    [group, *_] = Rename(0, " holiday/beach ").apply(sorting_of(1)).groups
    assert (group.name, group.is_named) == ("holiday/beach", True)


def test_a_new_group_comes_before_the_fixed_ones():
    """Unsorted and others stay at the end, as the page shows them."""
    kinds = [group.kind in FIXED_KINDS for group in Create("Beach", (0,)).apply(sorting_of(2, 2)).groups]
    assert kinds == sorted(kinds)


def test_each_correction_says_what_it_does():
    """The words for the undo button name the groups as they are before the correction."""
    sorting = sorting_of(3, 2)
    made = [Move((0,), 1), Move((0, 1), 1), Rename(0, "Beach"), Merge((0,), 1), Create("x", ()), Regroup(4)]
    assert [correction.words(sorting) for correction in made] == [
        "moving 1 image to category_2",
        "moving 2 images to category_2",
        "renaming category_1 to Beach",
        "merging category_1 into category_2",
        "making x",
        "grouping into 4",
    ]


def test_nothing_is_put_where_files_go_by_names_of_their_own():
    """A saved plan may put files directly into the folder: other images cannot go there."""
    sorting = sorting_of(2, 2)
    top = replace(sorting, groups=(replace(sorting.groups[0], name="."), *sorting.groups[1:]))
    for wrong in (Move((2,), 0), Merge((1,), 0)):
        with pytest.raises(CorrectionError):
            wrong.apply(top)
    assert Merge((0,), 1).apply(top).images == (1, 1, 1, 1)
