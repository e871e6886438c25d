"""Tests the filers of `watch`: one batch after another, with a model that stays loaded."""

import imgsort
from imgsort.jobs.watch.filer import classifier_filer
from tests.support.trees import names, read_tree


def by_name(root):
    """Return {image: folder} by the name of each image."""
    return {path.rpartition("/")[2]: path.rpartition("/")[0] for path in names(root)}


def test_a_batch_is_filed_by_class_and_the_rest_of_the_inbox_stays(trained, inbox, tmp_path):
    """Only the named images go to the folders of their classes. Undo takes each batch back."""
    folder, kinds = inbox
    before = read_tree(folder)
    first, second = sorted(kinds)[:3], sorted(kinds)[3:5]
    with classifier_filer(folder, classifier=trained.classifier, output=tmp_path / "out", confidence=0) as filer:
        results = [filer.file(batch) for batch in (first, [*second, "gone.jpg"])]
    assert [(r.command, r.status, len(r.moves)) for r in results] == [("watch", "done", 3), ("watch", "done", 2)]
    assert set(by_name(tmp_path / "out")) == {*first, *second}
    assert set(names(folder)) == set(kinds) - {*first, *second}
    imgsort.undo(tmp_path / "out", run=results[0].run)
    imgsort.undo(tmp_path / "out")
    assert read_tree(folder) == before
