"""Tests that a sidecar follows its image when a watch was killed between the two."""

import pytest

from imgsort.filing.journal.runs import begin, latest_in_force
from imgsort.filing.planning.site import Mode
from imgsort.jobs.session.locking import locked_and_settled
from imgsort.jobs.watch.stragglers import send_stragglers
from tests.support.desk import by_first_letter, plan_by, undo_last
from tests.support.trees import make_tree, names

TREE = {"a.jpg": b"first", "a.xmp": b"of the first", "b.jpg": b"second", "b.xmp": b"of the second"}


@pytest.mark.parametrize("mode", [Mode.MOVE, Mode.COPY])
@pytest.mark.parametrize("command", ["watch", "categorize"])
def test_a_sidecar_that_was_left_behind_follows(tmp_path, mode, command):
    """Only of a killed run of the watch, and only where its image is filed. Undo brings all back."""
    inbox, output = tmp_path / "in", tmp_path / "out"
    make_tree(inbox, TREE)
    plan = plan_by(inbox, by_first_letter, output, mode)
    begin(plan, command, None)
    (output / "category_a").mkdir()
    (output / "category_a/a.jpg").write_bytes(b"first")
    if mode is Mode.MOVE:
        (output / "category_a/a.jpg").unlink()
        (inbox / "a.jpg").rename(output / "category_a/a.jpg")
    with locked_and_settled(plan.site.roots, "watch") as settled:
        sent = send_stragglers(plan.site.roots[0], settled, "watch")
    is_own = command == "watch"
    assert sent == is_own
    assert names(output) == {"category_a/a.jpg": b"first", **({"category_a/a.xmp": b"of the first"} if is_own else {})}
    assert ("a.xmp" in names(inbox)) == (mode is Mode.COPY or not is_own)
    while latest_in_force(output) is not None:
        undo_last(output)
    assert names(inbox) == TREE
    assert names(output) == {}
