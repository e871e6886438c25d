import numpy as np
import pytest

from imgsort.jobs.look.likeness import Likeness
from tests.grouping.blobs import blobs


def test_the_most_alike_come_first_and_never_the_image_itself():
    """The images of the same group come before all others, however many are asked for."""
    matrix, truth = blobs([12, 6, 9])
    likeness = Likeness(matrix)
    for number in range(len(matrix)):
        others = likeness.most_alike(number, 99)
        assert sorted([*others, number]) == list(range(len(matrix)))
        same = int((truth == truth[number]).sum()) - 1
        assert {truth[other] for other in others[:same]} == {truth[number]}
        assert likeness.most_alike(number, 3) == others[:3]


def test_distances_are_those_to_the_centre_of_the_own_group():
    """Images of one kind are nearer to the centre of their own group than to that of a mixed one."""
    matrix, truth = blobs([12, 6, 9])
    own = Likeness(matrix).distances([int(group) + 7 for group in truth])
    mixed = Likeness(matrix).distances([0] * len(matrix))
    assert len(own) == len(matrix) and all(near < far for near, far in zip(own, mixed, strict=True))


def test_equal_images_are_alike_in_their_own_order():
    """The same question has the same answer."""
    assert Likeness(np.ones((4, 3), np.float32)).most_alike(2, 3) == [0, 1, 3]


def test_a_group_is_parted_where_it_falls_apart():
    """The larger half comes first; numbers are those of the images, not their places in the group."""
    matrix, truth = blobs([12, 6, 9])
    group = [number for number, owner in enumerate(truth) if owner != 1]
    first, second = Likeness(matrix).halves(group)
    assert (len(first), len(second)) == (12, 9)
    assert {truth[number] for number in first} == {0} and {truth[number] for number in second} == {2}


@pytest.mark.parametrize("count", [2, 5])
def test_images_that_do_not_differ_are_not_parted(count):
    """The second half is empty, and no image is lost."""
    first, second = Likeness(np.ones((5, 3), np.float32)).halves(list(range(count)))
    assert (first, second) == (list(range(count)), [])
