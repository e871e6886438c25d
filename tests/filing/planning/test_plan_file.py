"""Tests that a plan written as a table is read back.

A spreadsheet may have changed the table. Lines that make no sense are reported with their numbers.
"""

import csv
import os
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imgsort.errors import PlanError, UsageError
from imgsort.filing.paths import is_safe_relative
from imgsort.filing.planning.plan import Move, Placement, Plan
from imgsort.filing.planning.plan_file import HEADER, EditedPlan, PlanRow, read_plan, write_plan
from imgsort.filing.planning.site import Mode, Site

SITE = Site(Path("/photos"), Path("/photos"))


def a_plan(site, moves):
    """Return a plan of (source, target, distance), and the placements that it was made from."""
    placements = [Placement(source, 1, 0, "hash", "", distance, score=0.25) for source, _, distance in moves]
    return Plan(
        site, (), (), tuple(Move(source, target, 1, 0, "hash", d) for source, target, d in moves), ()
    ), placements


def saved(path, *rows, **columns):
    """Save rows of (file, category, target) as `write_plan` does, and return `path`.

    `columns` gives other text for the last columns.
    """
    last = {"collection": "/photos", "output": "/photos", "mode": "move"} | columns
    with open(path, "w", encoding="utf-8", newline="") as handle:
        writer = csv.writer(handle)
        writer.writerow(HEADER)
        writer.writerows([file, category, "", "", target, *last.values()] for file, category, target in rows)
    return path


def targets_of(plan):
    return {row.file: row.target for row in plan.rows}


def test_what_the_table_looks_like(tmp_path):
    """The table has a line for every image and none for a sidecar; targets are relative to the output."""
    site = Site(Path("/photos"), Path("/photos"), Mode.MOVE, "sorted/all")
    plan, placements = a_plan(site, [("a.jpg", "sorted/all/c/a.jpg", 0.5), ("x/=b.jpg", "sorted/all/c/d/=b.jpg", None)])
    sidecar = Move("a.xmp", "sorted/all/c/a.xmp", 1, 0, "hash", follows="a.jpg")
    plan = Plan(site, (), (), (plan.moves[0], sidecar, plan.moves[1]), ())
    write_plan(tmp_path / "p.csv", plan, placements, plan.site.output)
    assert (tmp_path / "p.csv").read_bytes().decode() == (
        "\ufefffile,category,score,distance,target,collection,output,mode,content\r\n"
        "a.jpg,c,0.25,0.5,c/a.jpg,/photos,/photos/sorted/all,move,hash\r\n"
        "x/=b.jpg,c/d,0.25,,c/d/=b.jpg,/photos,/photos/sorted/all,move,hash\r\n"
    )


def test_nothing_is_overwritten(tmp_path):
    """An existing file is an error and is not changed."""
    (tmp_path / "p.csv").write_text("mine")
    with pytest.raises(FileExistsError):
        write_plan(tmp_path / "p.csv", *a_plan(SITE, [("a.jpg", "c/a.jpg", None)]), SITE.output)
    assert (tmp_path / "p.csv").read_text() == "mine"


# tests/test_csv_file.py tests names that begin or end with a space.
PARTS = (
    st.one_of(st.binary(min_size=1, max_size=12).map(os.fsdecode), st.text("=+-@%é\"',;\t\r\n ab20.", min_size=1))
    .filter(is_safe_relative)
    .filter(lambda path: path == path.strip())
)
PATHS = st.lists(PARTS, min_size=1, max_size=3).map("/".join)


@settings(max_examples=100, deadline=None)
@given(
    moves=st.lists(st.tuples(PATHS, PATHS, st.none() | st.floats(-1e6, 1e6)), min_size=1, max_size=5),
    mode=st.sampled_from(Mode),
    folders=st.tuples(PATHS, PATHS),
)
def test_every_plan_is_read_back(moves, mode, folders):
    """A plan is read back with its rows, lines, folders and mode, whatever the names are."""
    collection, output = (Path("/", folder) for folder in folders)
    plan, placements = a_plan(Site(collection, output, mode), moves)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "p.csv"
        write_plan(path, plan, placements, plan.site.output)
        assert read_plan(path) == EditedPlan(
            collection,
            output,
            mode,
            tuple(PlanRow(line, s, t, d, "hash") for line, (s, t, d) in enumerate(moves, 2)),
            (),
        )


@pytest.mark.parametrize(
    ("category", "target", "expected"),
    [
        ("c", "c/a.jpg", "c/a.jpg"),
        ("c", "c/other.jpg", "c/other.jpg"),
        ("", "d/a.jpg", "d/a.jpg"),
        ("", "a.jpg", "a.jpg"),
        ("d", "", "d/a.jpg"),
        ("d/", "", "d/a.jpg"),
        ("d/e", "", "d/e/a.jpg"),
        ("d/", "d/a.jpg", "d/a.jpg"),
        ("", "", ""),
        ("  ", " ", ""),
    ],
)
def test_category_and_target(tmp_path, category, target, expected):
    """The target counts; if it is empty, the category counts.

    If both are empty, the file stays.
    """
    plan = read_plan(saved(tmp_path / "p.csv", ("x/a.jpg", category, target)))
    assert targets_of(plan) == {"x/a.jpg": expected}


def test_a_distance_that_a_spreadsheet_wrote_its_own_way(tmp_path):
    """The distance `0,5` is not an error, because nothing depends on it."""
    path = saved(tmp_path / "p.csv", ("a.jpg", "", "c/a.jpg"))
    path.write_text(path.read_text().replace("a.jpg,,,,c/a.jpg", 'a.jpg,,"0,9","0,5",c/a.jpg'))
    assert read_plan(path).rows == (PlanRow(2, "a.jpg", "c/a.jpg", None),)


@pytest.mark.parametrize("text", ["nan", "inf", "-Infinity", "1e999"])
def test_a_distance_that_is_no_number(tmp_path, text):
    """A distance that is not a finite number is read as None, like one that cannot be read."""
    path = saved(tmp_path / "p.csv", ("a.jpg", "", "c/a.jpg"))
    path.write_text(path.read_text().replace("a.jpg,,,,c/a.jpg", f"a.jpg,,,{text},c/a.jpg"))
    assert read_plan(path).rows[0].distance is None


def test_everything_that_is_wrong_is_told_by_its_line(tmp_path):
    """Lines that make no sense are returned as errors, beside the rows of the other lines.

    So the caller can report all errors at once.
    """
    path = saved(
        tmp_path / "p.csv",
        ("a.jpg", "", "c/a.jpg"),
        ("", "c", "c/b.jpg"),
        ("c.jpg", "c", "d/c.jpg"),
        ("d.jpg", "c", "d.jpg"),
    )
    plan = read_plan(path)
    assert targets_of(plan) == {"a.jpg": "c/a.jpg"}
    disagreeing = "the category 'c' and the target {!r} do not agree: empty the cell that is out of date"
    assert [(error.line, error.reason) for error in plan.errors] == [
        (3, "the cell of the file is empty"),
        (4, disagreeing.format("d/c.jpg")),
        (5, disagreeing.format("d.jpg")),
    ]


@pytest.mark.parametrize(
    ("column", "text"), [("collection", "/other"), ("collection", ""), ("output", "/other"), ("mode", "copy")]
)
def test_one_line_that_belongs_elsewhere(tmp_path, column, text):
    """A line that was pasted in from another plan is an error, not a row."""
    path = saved(tmp_path / "p.csv", ("a.jpg", "c", ""), ("b.jpg", "c", ""), ("c.jpg", "c", ""))
    other = saved(tmp_path / "q.csv", ("d.jpg", "c", ""), **{column: text}).read_text().splitlines(keepends=True)[1]
    path.write_text(path.read_text() + other)
    plan = read_plan(path)
    assert [row.file for row in plan.rows] == ["a.jpg", "b.jpg", "c.jpg"]
    assert [error.line for error in plan.errors] == [5]


@pytest.mark.parametrize(
    ("column", "text"),
    [(column, text) for column in ("collection", "output") for text in ("", "photos", "./photos", "~/photos")]
    + [("mode", ""), ("mode", "shred"), ("mode", "Move"), ("mode", "move,copy")],
)
def test_a_plan_that_does_not_say_where_and_how(tmp_path, column, text):
    """A relative path, or a mode that is not one of the four, is an error with its line.

    The meaning of a relative path depends on the current folder.
    """
    path = saved(tmp_path / "p.csv", ("a.jpg", "c", ""), **{column: text})
    with pytest.raises(PlanError, match=r"p\.csv: line 2 "):
        read_plan(path)


def test_a_plan_without_lines(tmp_path):
    """A plan with only a header, or with only empty lines, is an error that says so."""
    path = saved(tmp_path / "p.csv")
    path.write_text(path.read_text() + ",,,,,,,\r\n\r\n")
    with pytest.raises(PlanError, match="this plan has no lines"):
        read_plan(path)


@pytest.mark.parametrize("content", [b"", b"\n", b"\x00\xff\x00\x01binary", b"a,b\n1,2\n", b"\xff\xfef\x00i\x00", b"="])
def test_what_is_no_plan(tmp_path, content):
    """An empty or binary file, UTF-16 text, or another table is a UsageError that names the file."""
    (tmp_path / "p.csv").write_bytes(content)
    with pytest.raises(UsageError, match=r"p\.csv"):
        read_plan(tmp_path / "p.csv")
