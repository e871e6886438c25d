"""Sortings and corrections for Hypothesis: some of the corrections are wrong."""

from hypothesis import strategies as st

from imgsort.review.sorting.corrections import Create, Merge, Move, Regroup, Rename, SortedGroup, Sorting

NAMES = [
    "Beach",
    "beach",
    "BEACH",
    "café",
    "cafe\u0301",
    "category_1",
    "category_2",
    "Unsorted",
    "outlayers",
    "a/b",
    "",
]


def sorting_of(*members, kinds=("unsorted", "stays")):
    """Return a sorting with categories of so many images each, and groups of these kinds without an image."""
    groups = [SortedGroup(n, f"category_{n + 1}", "category") for n in range(len(members))]
    groups += [SortedGroup(len(members) + n, kind.title(), kind) for n, kind in enumerate(kinds)]
    images = tuple(group for group, count in enumerate(members) for _ in range(count))
    return Sorting(tuple(groups), images, clusters=len(members), next_id=len(groups))


sortings = st.lists(st.integers(0, 5), min_size=1, max_size=5).map(lambda members: sorting_of(*members))
numbers = st.integers(-1, 30)
several = st.lists(numbers, max_size=4).map(tuple)
corrections = st.one_of(
    st.builds(Move, several, numbers),
    st.builds(Rename, numbers, st.sampled_from(NAMES) | st.text(max_size=5)),
    st.builds(Merge, several, numbers),
    st.builds(Create, st.sampled_from(NAMES), several),
    st.builds(Regroup, st.integers(1, 6)),
)
