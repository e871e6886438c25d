import errno
import json
import re

import numpy as np
import pytest

import imgsort
from imgsort.errors import JournalError, NothingToUndoError, ReportError, UsageError
from imgsort.jobs.learn.train import train
from imgsort.jobs.look.report import report_run, with_report
from imgsort.jobs.organize.categorize import categorize
from imgsort.jobs.organize.check import check
from imgsort.jobs.organize.outliers import find_outliers
from tests.support.pictures import encode, plain
from tests.support.trees import names

MODEL = {"model": "efficientnet-lite0"}


def data_of(file):
    """Return the data of a page, as its script reads it."""
    found = re.search(r'<script type="application/json" id="page-data">(.*?)</script>', file.read_text("utf-8"), re.S)
    return json.loads(found[1])


def thumbnails_of(file):
    found = re.search(r'<script type="application/json" id="page-thumbnails">(.*?)</script>', file.read_text("utf-8"))
    return json.loads(found[1])["webp"]


def pictures(folder, count, colour):
    folder.mkdir(parents=True, exist_ok=True)
    chance = np.random.default_rng(colour)
    for number in range(count):
        noise = chance.integers(0, 60, (48, 64, 3), np.uint8)
        (folder / f"{colour}_{number}.png").write_bytes(encode(noise + np.uint8(colour), "PNG"))


@pytest.fixture
def photos(tmp_path):
    folder = tmp_path / "photos"
    for colour in (10, 90, 180):
        pictures(folder, 3, colour)
    return folder


def test_a_report_shows_what_a_command_files(photos, tmp_path):
    """The page has every image with its folder, place, distance and thumbnail, and says how it was made."""
    (photos / "broken.jpg").write_bytes(b"\xff\xd8\xff\xe0 nothing")
    file = tmp_path / "a.html"
    result = with_report(categorize, file, command_line="imgsort x", folder=photos, clusters=3, **MODEL)
    data = data_of(file)
    groups = [data["groups"][number]["name"] for number in data["images"]["groups"]]
    shown = dict(zip(data["images"]["names"], groups, strict=True))
    assert {move.source: move.target.partition("/")[0] for move in result.moves} == shown
    assert (data["run"], data["status"], data["title"]) == (result.run, "done", "photos")
    assert len(data["images"]["places"]) == len(data["images"]["distances"]) == 9
    assert all(0 <= value <= 1 for place in data["images"]["places"] for value in place)
    assert all(thumbnails_of(file))
    made = data["made"]
    assert made["command_line"] == "imgsort x"
    assert [path for path, _ in made["unreadable"]] == ["broken.jpg"]
    facts = dict(made["facts"])
    assert {"model", "weights", "imgsort", "images", "moves"} <= facts.keys()
    assert (facts["--clusters"], facts["images"], facts["unreadable"]) == ("3", "9", "1")
    assert {"reading", "deciding", "filing"} <= {stage for stage, _ in made["seconds"]}


def test_a_dry_run_with_a_report_touches_nothing(photos, tmp_path):
    """With a dry run, the page shows the plan, and the folder stays as it is."""
    before = names(photos)
    file = tmp_path / "a.html"
    with_report(categorize, file, command_line="", folder=photos, clusters=3, dry_run=True, **MODEL)
    assert names(photos) == before
    assert (data_of(file)["status"], data_of(file)["run"]) == ("planned", None)


def test_a_report_replaces_no_file_and_nothing_is_filed_then(photos, tmp_path):
    """If the file is there already, the command ends before it does anything."""
    file = tmp_path / "a.html"
    file.write_text("mine")
    before = names(photos)
    with pytest.raises(UsageError, match="overwrites no file"):
        with_report(categorize, file, command_line="", folder=photos, clusters=3, **MODEL)
    assert (names(photos), file.read_text()) == (before, "mine")


def test_outliers_and_checks_have_their_sections(photos, tmp_path):
    """Outliers stand beside a normal image under the curve of all; findings come by reason, filed or not."""
    (photos / "odd.png").write_bytes(plain((250, 10, 10)))
    (photos / "copy.png").write_bytes((photos / "10_0.png").read_bytes())
    first, second = tmp_path / "a.html", tmp_path / "b.html"
    with_report(
        find_outliers, first, command_line="", folder=photos, method="knn", neighbors=3, max_outliers=1, **MODEL
    )
    section = data_of(first)["outliers"]
    [row] = section["rows"]
    assert data_of(first)["images"]["names"][row["image"]] == "odd.png"
    assert (row["nearest"] not in (None, row["image"]), len(section["curve"])) == (True, 11)
    with_report(check, second, command_line="", folder=photos)
    data = data_of(second)
    named = data["images"]["names"]
    [duplicates] = data["findings"]["duplicates"]
    assert {named[duplicates["kept"]], *(named[other] for other in duplicates["others"])} == {"10_0.png", "copy.png"}
    assert data["findings"]["reasons"]["duplicate"][0]["detail"].startswith("same bytes as ")


def test_a_classifier_has_its_matrix_and_what_it_saw_in_its_mistakes(tmp_path):
    """The report of a training has the confusion matrix with its images, curves, and the heat in each mistake."""
    root = tmp_path / "classes"
    for name, colour in (("dark", 10), ("light", 180)):
        pictures(root / name, 12, colour)
    pictures(root / "dark", 2, 181)  # so that some are taken for the other class
    file = tmp_path / "a.html"
    result = with_report(
        train, file, command_line="", folder=root, output=tmp_path / "c.keras", seed=1, split=(0.5, 0.2, 0.3)
    )
    data = data_of(file)
    cells = data["evaluation"]["cells"]
    assert [[len(cell) for cell in row] for row in cells] == [list(row) for row in result.evaluation.confusion_matrix]
    assert {curve["name"] for curve in data["curves"]} == {"accuracy", "loss", "images above a confidence"}
    mistakes = data["evaluation"]["mistakes"]
    assert len(mistakes) == len(result.mistakes)
    pictures_shown = thumbnails_of(file)
    assert all(pictures_shown[row["heat"]] for row in mistakes)
    facts = dict(data["made"]["facts"])
    assert (facts["model"], facts["images to learn from"]) == (
        "efficientnet-lite0",
        str(sum(r.train for r in result.classes)),
    )
    assert len(pictures_shown) == len(data["images"]["names"]) + len(mistakes)


def test_a_report_of_a_past_run(photos, tmp_path):
    """A past run is shown with its folders, distances and map, from the cache; also after it was taken back."""
    result = categorize(photos, clusters=3, **MODEL)
    filed = {move.target: move.target.partition("/")[0] for move in result.moves}
    before = names(photos)
    made = report_run(photos, output=tmp_path / "a.html")
    data = data_of(made.file)
    groups = [data["groups"][number]["name"] for number in data["images"]["groups"]]
    assert dict(zip(data["images"]["names"], groups, strict=True)) == filed
    assert (made.run, data["run"], made.images) == (result.run, result.run, 9)
    assert (None in data["images"]["distances"], len(data["images"]["places"])) == (False, 9)
    assert names(photos) == before
    imgsort.undo(photos)
    (photos / "10_0.png").unlink()
    data = data_of(report_run(photos, result.run, output=tmp_path / "b.html").file)
    groups = [data["groups"][number]["name"] for number in data["images"]["groups"]]
    back = {move.source: move.target.partition("/")[0] for move in result.moves if move.source != "10_0.png"}
    assert dict(zip(data["images"]["names"], groups, strict=True)) == back
    assert data["made"]["unreadable"] == [["10_0.png", "is no longer where the run put it"]]


def test_there_is_no_report_without_a_run(photos, tmp_path):
    """Without a run, or with an id that is none, there is no report."""
    with pytest.raises(NothingToUndoError, match="no run is recorded here"):
        report_run(photos, output=tmp_path / "a.html")
    for name, words in (("a.txt", "ends in .html"), ("none/a.html", "there is no folder")):
        with pytest.raises(UsageError, match=words):
            with_report(check, tmp_path / name, command_line="", folder=photos)
    categorize(photos, clusters=3, **MODEL)
    with pytest.raises(NothingToUndoError, match="there is no run 'x'"):
        report_run(photos, "x", output=tmp_path / "a.html")


def test_a_record_from_a_stranger_names_no_weights(photos, tmp_path):
    """A run file that names a file of weights, or nonsense, is shown without a map, and no such file is read."""
    result = categorize(photos, clusters=3, **MODEL)
    journal = photos / ".imgsort" / "runs" / f"{result.run}.jsonl"
    lines = journal.read_text().splitlines()
    for number, model in enumerate(
        [{"name": "../../x", "weights": "imagenet"}, {"weights": "/etc/passwd"}, {"name": [], "weights": "imagenet"}]
    ):
        header = json.loads(lines[0])
        header["model"] = model
        journal.write_text("\n".join([json.dumps(header), *lines[1:]]) + "\n")
        data = data_of(report_run(photos, output=tmp_path / f"{number}.html").file)
        assert (len(data["images"]["names"]), data["images"]["places"]) == (9, [])


@pytest.mark.parametrize("mode", ["move", "copy"])
def test_a_record_from_a_stranger_shows_no_other_folder(photos, tmp_path, mode):
    """A run file that names a folder of the user's own puts none of its pictures into a page."""
    private = tmp_path / "private"
    pictures(private / "album", 2, 50)
    run = categorize(photos, clusters=3, **MODEL).run
    journal = photos / ".imgsort" / "runs" / f"{run}.jsonl"
    header = json.loads(journal.read_text().splitlines()[0])
    header.update(collection=str(photos), destination=str(private), categories=["album"], mode=mode)
    if mode == "copy":
        header.update(collection=str(private), destination=str(photos))
    for events in ([], [{"type": "undo"}, {"type": "undone", "refused": []}]):
        lines = [header, {"type": "end", "moves": 0}, *events]
        journal.write_text("".join(f"{json.dumps(line)}\n" for line in lines))
        file = tmp_path / f"{len(events)}.html"
        try:
            shown = data_of(report_run(photos, output=file).file)["images"]["names"]
        except JournalError as error:
            assert "other" in str(error) or "copies" in str(error) or "record" in str(error)
            shown = []
        assert not [name for name in shown if "50_" in name]


def test_a_report_that_cannot_be_written_hides_nothing(photos, tmp_path, monkeypatch):
    """If the page cannot be written after files were moved, the error says so, with the result and exit code 4."""
    file = tmp_path / "a.html"

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("imgsort.jobs.look.report.write_report", full)
    with pytest.raises(ReportError, match=r"No space left on device.*`undo` takes back run") as caught:
        with_report(categorize, file, command_line="", folder=photos, clusters=3, **MODEL)
    assert (caught.value.exit_code, len(caught.value.result.moves)) == (4, 9)
    with pytest.raises(ReportError, match="command itself is done") as caught:
        with_report(check, file, command_line="", folder=photos)
    assert caught.value.exit_code == 1


def test_the_report_and_the_plan_are_two_files(photos, tmp_path):
    """A report and a plan of one name are refused before anything is done."""
    file = tmp_path / "a.html"
    with pytest.raises(UsageError, match="name the same file"):
        with_report(categorize, file, command_line="", folder=photos, plan=str(file), clusters=3, **MODEL)
    assert not file.exists()
