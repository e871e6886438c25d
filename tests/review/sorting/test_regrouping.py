from hypothesis import given
from hypothesis import strategies as st

from imgsort.review.sorting.corrections import FIXED_KINDS, Create, Merge, Move, Rename
from imgsort.review.sorting.regrouping import regrouped
from imgsort.review.sorting.steps import Steps
from tests.review.sorting.sortings import sorting_of


def members(sorting):
    """Return {name of the group: numbers of its images}, without groups that are empty."""
    found = {}
    for number, group in enumerate(sorting.images):
        found.setdefault(sorting.group(group).name, []).append(number)
    return found


def test_without_corrections_the_groups_are_the_new_categories():
    """The old categories are gone, and the new ones are numbered as their labels."""
    sorting = regrouped(sorting_of(3, 3), [0, 0, 1, 1, 2, 2], 3)
    assert members(sorting) == {"category_1": [0, 1], "category_2": [2, 3], "category_3": [4, 5]}
    assert sorting.clusters == 3


def test_a_renamed_group_keeps_name_and_id_for_the_category_that_holds_most_of_it():
    """The name goes on with most of the group's images; the others are free."""
    sorting = Rename(1, "Beach").apply(sorting_of(3, 3))
    again = regrouped(sorting, [0, 0, 0, 0, 1, 1], 2)
    assert members(again) == {"category_1": [0, 1, 2, 3], "Beach": [4, 5]}
    assert again.group(1).name == "Beach"


def test_a_persons_name_is_not_given_to_strangers():
    """Four images in a group of their own do not name a new category of fifty; they stay together in their group."""
    sorting = Create("my bikes", (0, 1, 2, 3)).apply(sorting_of(8, 44))
    again = regrouped(sorting, [0] * 52, 1)
    assert members(again)["my bikes"] == [0, 1, 2, 3] and len(members(again)["category_1"]) == 48


def test_a_renamed_group_among_more_strangers_is_gone():
    """Its images are not most of any new category, so the name is not used; an earlier number brings it back."""
    again = regrouped(Rename(1, "Beach").apply(sorting_of(4, 2)), [0] * 6, 1)
    assert members(again) == {"category_1": [0, 1, 2, 3, 4, 5]}


def test_a_group_in_two_parts_goes_on_where_it_is_most():
    """Six images among strangers lose the name to the four that are a category of their own."""
    again = regrouped(Rename(0, "Beach").apply(sorting_of(10, 20)), [0] * 6 + [1] * 4 + [0] * 20, 2)
    assert members(again)["Beach"] == [6, 7, 8, 9]


@given(st.data())
def test_images_with_a_name_of_a_person_are_mostly_the_persons(data):
    """Whatever the labels are, most images of a group with a person's name, or all put there, were in it before."""
    sorting = Rename(0, "Beach").apply(sorting_of(*data.draw(st.lists(st.integers(0, 5), min_size=1, max_size=4))))
    count = len(sorting.images)
    if numbers := data.draw(st.lists(st.integers(0, count - 1), max_size=4)) if count else []:
        sorting = Move(tuple(numbers), 0).apply(sorting)
    again = regrouped(sorting, data.draw(st.lists(st.integers(-1, 3), min_size=count, max_size=count)), 4)
    there = again.members(0)
    before = [number for number in there if sorting.images[number] == 0]
    assert 2 * len(before) > len(there) or not there


def test_moved_images_stay_together_in_the_group_they_were_moved_to():
    """An image that a person put somewhere is there after any regrouping."""
    sorting = Create("Cats", (0, 5)).apply(sorting_of(3, 3))
    assert members(regrouped(sorting, [0, 0, 0, 1, 1, 1], 2))["Cats"][:1] == [0]
    assert set(members(regrouped(sorting, [0, 1, 2, 3, 4, 5], 6))["Cats"]) >= {0, 5}


def test_merged_groups_stay_one():
    """What a person put together, no number of categories takes apart."""
    sorting = Merge((0,), 1).apply(sorting_of(2, 2, 2))
    again = regrouped(sorting, [0, 1, 2, 3, 4, 5], 6)
    assert any(set(numbers) >= {0, 1, 2, 3} for numbers in members(again).values())


def test_what_was_set_aside_stays_so():
    """Images in Unsorted, or those that stay where they are, are not grouped."""
    sorting = Move((0,), 2).apply(sorting_of(3, 3))
    assert members(regrouped(sorting, [0] * 6, 1)) == {"Unsorted": [0], "category_1": [1, 2, 3, 4, 5]}


def test_a_group_that_finds_no_category_keeps_what_was_put_there():
    """Of two groups in one new category, the larger goes on; the other keeps the images moved by hand, or is gone."""
    sorting = Rename(0, "Big").apply(Rename(1, "Small").apply(sorting_of(4, 2)))
    assert members(regrouped(sorting, [0] * 6, 1)) == {"Big": [0, 1, 2, 3, 4, 5]}
    held = Move((0,), 1).apply(sorting)
    assert members(regrouped(held, [0] * 6, 1)) == {"Big": [1, 2, 3, 4, 5], "Small": [0]}


def test_new_names_step_aside_for_those_of_a_person():
    """If a person called a group category_2, the new category gets another name."""
    sorting = Rename(0, "category_2").apply(Rename(1, "x").apply(sorting_of(2, 2)))
    names = members(regrouped(sorting, [0, 0, 1, 2], 3))
    assert names["category_2"] == [0, 1] and set(names) == {"category_2", "x", "category_3"}


def test_an_empty_group_that_a_person_made_stays():
    """A group that waits for images is still there."""
    sorting = Create("Later", ()).apply(sorting_of(2, 2))
    assert "Later" in [group.name for group in regrouped(sorting, [0, 0, 0, 1], 2).groups]


def test_the_slider_starts_from_the_state_before_it_was_moved():
    """A name that two categories have no place for is back with eight."""
    steps = Steps(Rename(1, "Beach").apply(sorting_of(3, 1)))
    start = steps.now
    for labels in ([0, 0, 0, 0], [0, 0, 0, 1]):
        again = regrouped(steps.ungrouped, labels, max(labels) + 1)
        steps.add(again, "", is_regrouping=True)
    assert steps.ungrouped == start
    assert members(steps.now)["Beach"] == [3]


@given(st.data())
def test_moved_and_fixed_images_never_leave_their_group(data):
    """Whatever the labels are, images that a person moved and images of fixed groups keep the id of their group."""
    count = data.draw(st.integers(1, 12))
    sorting = sorting_of(*[count] * 3)
    for _ in range(data.draw(st.integers(0, 4))):
        numbers = data.draw(st.lists(st.integers(0, 3 * count - 1), min_size=1, max_size=5))
        sorting = Move(tuple(numbers), data.draw(st.integers(0, 4))).apply(sorting)
    labels = data.draw(st.lists(st.integers(-1, 4), min_size=3 * count, max_size=3 * count))
    again = regrouped(sorting, labels, 5)
    for number, group in enumerate(sorting.images):
        if number in sorting.held or sorting.group(group).kind in FIXED_KINDS:
            assert again.images[number] == group
    assert again.held == sorting.held
