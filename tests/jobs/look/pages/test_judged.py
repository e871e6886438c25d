import json
from pathlib import Path

import numpy as np

from imgsort.filing.planning.site import Site
from imgsort.images.finding.find import ImageFile
from imgsort.jobs.learn.compare import ModelComparison
from imgsort.jobs.learn.steps.report import Mistake
from imgsort.jobs.look.pages.judged import comparison_table, confidence_curve, evaluation_section, training_curves
from imgsort.jobs.study import Judged, Study
from imgsort.learning.network.history import HistoryRow
from imgsort.learning.result.evaluation import evaluate_predictions

PROBABILITIES = np.array([[0.9, 0.1], [0.4, 0.6], [0.2, 0.8]], np.float32)
JUDGED = Judged(("cats", "dogs"), np.array([0, 0, 1]), PROBABILITIES)
FILES = tuple(ImageFile(path, 1, 1) for path in ("cats/a", "cats/b", "dogs/c"))
STUDY = Study("evaluate", Site(Path("/x"), Path("/x")), FILES, ("1", "2", "3"), (), judged=JUDGED)


def test_a_cell_of_the_confusion_matrix_holds_its_images():
    """The cells hold the images that are counted in the confusion matrix, and mistakes name their images."""
    evaluation = evaluate_predictions(PROBABILITIES, JUDGED.labels, JUDGED.classes)
    mistakes = (Mistake("cats/b", "cats", "dogs", 0.6),)
    section = evaluation_section(STUDY, JUDGED, evaluation, mistakes, {"cats/b": 3})
    assert section.cells == (((0,), (1,)), ((), (2,)))
    assert [[len(cell) for cell in row] for row in section.cells] == [list(row) for row in evaluation.confusion_matrix]
    assert [(row.image, row.predicted, row.heat) for row in section.mistakes] == [(1, "dogs", 3)]
    assert [row.support for row in section.figures] == [2, 1]


def test_the_curve_of_confidence():
    """The curve says how many images have at least a confidence, and how many of them are right."""
    curve = confidence_curve(JUDGED)
    shares, right = curve.lines["share of the images"], curve.lines["of these right"]
    assert (len(shares), shares[0], shares[70], shares[100]) == (101, 1, round(2 / 3, 4), 0)
    assert (right[0], right[70], right[100]) == (round(2 / 3, 4), 1, 1)


def test_curves_of_a_training_are_those_of_its_last_stage():
    """Accuracy and loss of the last stage are drawn, and none if there was no step."""
    rows = [HistoryRow("head", 1, 3, 0.1, 3, 0.1), HistoryRow("network", 1, 2, 0.5, 2, 0.4)]
    accuracy, loss = training_curves(rows)
    assert (accuracy.step, accuracy.lines, loss.lines["train"]) == ("epoch", {"train": [0.5], "validation": [0.4]}, [2])
    assert training_curves([]) == ()


def test_models_side_by_side():
    """A model that could not be had has a row that says why."""
    table = comparison_table([ModelComparison("cnn", 0.5, 1, 0.4, 10, 2, 3), ModelComparison("x", error="no weights")])
    assert len(table.rows[0]) == len(table.columns)
    assert table.rows[1][-1] == "no weights"
    assert json.dumps(table.rows)
