"""Tests `apply`: a plan that was saved, read and edited is carried out exactly, or not at all."""

import csv
import os
import subprocess
import sys

import numpy as np
import pytest

import imgsort
from imgsort.csv_file import decode_cell, write_csv
from imgsort.errors import CollectionError, InterruptedRunError, LockedError, PlanError, UsageError
from imgsort.filing.journal.category_folders import known_folders
from imgsort.filing.journal.locking.lock import locked
from imgsort.filing.moving import apply as filing_apply
from imgsort.filing.planning.plan_file import HEADER, read_plan
from imgsort.filing.planning.site import Mode
from imgsort.jobs.listener import Listener
from imgsort.jobs.organize.steps.saved_centres import latest
from tests.support.pictures import encode, gradient, plain
from tests.support.trees import make_tree, names, read_tree

LITE = {"model": "efficientnet-lite0", "size": 64}

posix = pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="needs a file system that takes any bytes")

RED, GREEN = plain((200, 10, 10)), plain((10, 200, 10))
NOISE = encode(np.random.default_rng(0).integers(0, 256, (160, 160, 3), dtype=np.uint8), "PNG")


@pytest.fixture
def faulty(tmp_path):
    """Return a folder with a good picture, copies of it, tiny pictures, sidecars and a folder of the person's own."""
    make_tree(
        tmp_path / "in",
        {
            "a.png": NOISE,
            "a copy.png": NOISE,
            "red.png": RED,
            "red.xmp": b"<xmp/>",
            "red.png.json": b"{}",
            "green.png": GREEN,
            "small.png": encode(gradient(), "PNG"),
            "holiday/h.png": NOISE[:-1],
            "notes.txt": b"of no image",
        },
    )
    return tmp_path / "in"


def saved(path, root, rows, output=None, mode="move"):
    """Save a plan with rows of (file, category, target)."""
    places = (str(root), str(root if output is None else output), mode)
    write_csv(path, HEADER, [(file, category, None, None, target, *places, "") for file, category, target in rows])
    return path


def edited(path, change):
    """Replace the rows of a plan by those that `change` returns. A row is a dict by column."""
    with open(path, encoding="utf-8-sig", newline="") as handle:
        rows = [{name: decode_cell(cell) for name, cell in row.items()} for row in csv.DictReader(handle)]
    path.unlink()
    write_csv(path, HEADER, [[row[name] for name in HEADER] for row in change(rows)])
    return path


def round_trip(path, root, job):
    """Check that saving a plan changes nothing, and that applying it does what the job itself does.

    Return the result of the apply.
    """
    before = read_tree(root.parent)
    planned = job(plan=path)
    assert (planned.status, planned.plan, planned.run) == ("planned", path, None)
    assert path.is_file()
    assert tree_without(root.parent, path) == before
    assert list(root.parent.rglob(".imgsort")) == []
    done = job()
    tree = tree_without(root.parent, path)
    assert imgsort.undo(done.destination).refused == ()
    applied = imgsort.apply(path)
    assert tree_without(root.parent, path) == tree
    assert (applied.command, applied.status, applied.refused) == ("apply", "done", ())
    assert [(m.source, m.follows, m.content) for m in applied.moves] == [
        (m.source, m.follows, m.content) for m in done.moves
    ]
    return applied


def tree_without(root, path):
    """Return the tree without the plan's own file."""
    return {name: facts for name, facts in read_tree(root).items() if name != path.name}


def test_a_saved_plan_does_what_the_job_would_have_done(faulty, tmp_path):
    """A saved plan does what the job would have done. Undo puts every file back.

    Saving it changes nothing and does not make `.imgsort`.
    """
    before = read_tree(faulty)
    applied = round_trip(tmp_path / "p.csv", faulty, lambda **o: imgsort.check(faulty, move=True, **o).filing)
    assert names(faulty).keys() == {
        "a.png", "holiday/h.png", "notes.txt", "Rejected/duplicate/a copy.png", "Rejected/too-small/green.png",
        "Rejected/too-small/red.png", "Rejected/too-small/red.png.json", "Rejected/too-small/red.xmp",
        "Rejected/too-small/small.png",
    }  # fmt: skip
    assert applied.images == 4
    assert imgsort.undo(faulty).restored == 6
    assert read_tree(faulty) == before


@pytest.mark.parametrize("mode", Mode)
def test_into_an_output_elsewhere(faulty, tmp_path, mode):
    """With moves, copies and links, apply and the job make the same output and the same collection."""
    before = read_tree(faulty)
    options = {"move": True, "output": tmp_path / "out", "mode": mode}
    applied = round_trip(tmp_path / "p.csv", faulty, lambda **o: imgsort.check(faulty, **options, **o).filing)
    assert (read_tree(faulty) == before) == (mode is not Mode.MOVE)
    assert "Rejected/too-small/red.png.json" in read_tree(tmp_path / "out")
    assert imgsort.undo(applied.destination).refused == ()
    assert read_tree(faulty) == before
    assert names(tmp_path / "out") == {}


def test_into_an_output_in_the_collection(faulty, tmp_path):
    """Apply makes the folders of the output, and undo removes them."""
    before = read_tree(faulty)
    output = faulty / "x" / "y"
    round_trip(tmp_path / "p.csv", faulty, lambda **o: imgsort.check(faulty, move=True, output=output, **o).filing)
    assert "x/y/Rejected/too-small/red.png" in names(faulty)
    imgsort.undo(faulty)
    assert read_tree(faulty) == before


def test_without_sidecars(faulty, tmp_path):
    """If a plan is made and applied without sidecars, the sidecars stay."""
    options = {"move": True, "sidecars": False}
    imgsort.check(faulty, **options, plan=tmp_path / "p.csv")
    done = imgsort.check(faulty, **options).filing
    tree = read_tree(faulty)
    imgsort.undo(faulty)
    applied = imgsort.apply(tmp_path / "p.csv", sidecars=False)
    assert {m.source for m in applied.moves} == {m.source for m in done.moves}
    assert read_tree(faulty) == tree
    assert {"red.xmp", "red.png.json"} <= set(tree)


@posix
def test_odd_names(tmp_path):
    """Names that look like formulas, or have CSV signs, line ends or bytes that are not UTF-8, do not change."""
    odd = [
        "=1+1",
        "+1",
        "-x",
        "@y",
        "50%",
        "100%41",
        "n\nl",
        "r\rt",
        "bad\udcff",
        'q"uo"te',
        "'",
        "a,b;c\td",
        "фото 😀",
    ]
    root = tmp_path / "=odd, folder%\n\udcfe"
    make_tree(root, {f"{name}.png": RED for name in odd} | {"=1+1.png.xmp": b"x", "bad\udcff.json": b"y"})
    before = read_tree(root)
    round_trip(tmp_path / "p.csv", root, lambda **o: imgsort.check(root, move=True, **o).filing)
    assert names(root) == {f"Rejected/too-small/{name}": content[0] for name, content in before.items()}
    imgsort.undo(root)
    assert read_tree(root) == before


def test_categories_as_the_job_would_have_made_them(few_photos, tmp_path):
    """Apply makes the planned categories. New folders of an edited plan are categories, and no others."""
    before = read_tree(few_photos)
    options = {**LITE, "clusters": 3}
    round_trip(tmp_path / "p.csv", few_photos, lambda **o: imgsort.categorize(few_photos, **options, **o))
    assert {folder.path for folder in known_folders(few_photos.resolve())} == {"category_1", "category_2", "category_3"}
    imgsort.undo(few_photos)
    assert read_tree(few_photos) == before
    (few_photos / "Own").mkdir()
    folders = ["Cats", "Own", "Unsorted", "Outlayers"]

    def change(rows):
        return [row | {"category": folders[min(n, 3)], "target": ""} for n, row in enumerate(rows) if n < 10]

    result = imgsort.apply(edited(tmp_path / "p.csv", change))
    assert (result.images, len(names(few_photos)), len(result.moves)) == (10, 12, 10)
    assert [folder.path for folder in known_folders(few_photos.resolve())] == ["Cats"]
    # A later run sorts the two images that stayed and those in the new category.
    again = imgsort.categorize(few_photos, dry_run=True, **options)
    assert again.images == 3
    assert sorted(move.source for move in again.moves if "/" in move.source) == [result.moves[0].target]
    imgsort.undo(few_photos)
    assert read_tree(few_photos) == before | {"Own": read_tree(few_photos)["Own"]}


def test_edits(tmp_path):
    """A person may edit a plan in several ways.

    The edits are: another name, another folder, a category alone, both cells emptied, a line removed, lines in another
    order.
    """
    root = tmp_path / "in"
    make_tree(root, {f"{letter}.png": letter.encode() for letter in "abcdef"} | {"a.xmp": b"x", "mine/m.png": b"m"})
    before = read_tree(root)
    path = saved(tmp_path / "p.csv", root, [(f"{letter}.png", "c", f"c/{letter}.png") for letter in "abcdef"])

    def change(rows):
        a, b, c, d, _, f = rows
        a["target"] = "c/Rome 1.png"
        b |= {"category": "", "target": "mine/old/B.png"}
        c |= {"category": "mine", "target": ""}
        d |= {"category": "", "target": ""}
        return [f, d, c, b, a]

    result = imgsort.apply(edited(path, change))
    assert names(root) == {
        "c/Rome 1.png": b"a", "c/Rome 1.xmp": b"x", "mine/old/B.png": b"b", "mine/c.png": b"c", "d.png": b"d",
        "e.png": b"e", "c/f.png": b"f", "mine/m.png": b"m",
    }  # fmt: skip
    assert [folder.path for folder in known_folders(root.resolve())] == ["c", "mine/old"]
    assert {folder.name: folder.count for folder in result.folders} == {"c": 2, "mine": 1, "mine/old": 1}
    imgsort.undo(root)
    assert read_tree(root) == before


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("bom", ["", "\ufeff"])
def test_as_a_spreadsheet_saves_it(tmp_path, separator, bom):
    """A plan with the separator, the line ends and the columns of a spreadsheet is the same plan."""
    root = tmp_path / "in"
    make_tree(root, {"a,b;c.png": b"1", "100%.png": b"2"})
    path = saved(tmp_path / "p.csv", root, [("a,b;c.png", "", "c/a,b;c.png"), ("100%.png", "c", "")])
    with open(path, encoding="utf-8-sig", newline="") as handle:
        rows = [[*row[::-1], "my remark"] for row in csv.reader(handle)]
    with open(path, "w", encoding="utf-8", newline="") as handle:
        handle.write(bom)
        csv.writer(handle, delimiter=separator, lineterminator="\r\n").writerows(rows)
    imgsort.apply(path)
    assert names(root) == {"c/a,b;c.png": b"1", "c/100%.png": b"2"}


def test_numbers_at_long_names_without_a_suffix(tmp_path):
    """A plan numbers pictures whose long names have a dot but no suffix, and `apply` accepts these names."""
    root, name = tmp_path / "in", "IMG. a holiday at the lake with the children"
    (root / "again").mkdir(parents=True)
    make_tree(root, {name: RED, f"again/{name}": GREEN, f"b/{name}": NOISE})
    imgsort.categorize(root, clusters=1, recursive=True, plan=tmp_path / "p.csv", **LITE)
    imgsort.apply(tmp_path / "p.csv")
    assert sorted(names(root)) == [f"category_1/{name}{number}" for number in ("", " (2)", " (3)")]
    assert sorted(names(root).values()) == sorted([RED, GREEN, NOISE])


def test_everything_wrong_is_named_at_once_and_nothing_moves(tmp_path):
    """The error names every wrong line by its number, in order. The good lines are not carried out either."""
    root = tmp_path / "in"
    make_tree(
        root,
        {f"{letter}.png": letter.encode() for letter in "abcdefghijklmnopq"}
        | {"o.xmp": b"x", "there/x.png": b"mine", "there/o.xmp": b"mine"},
    )
    (root / "link").symlink_to(tmp_path, target_is_directory=True)
    before = read_tree(tmp_path)
    lines = [
        ("a.png", "", "c/a.png", None),
        ("gone.png", "c", "", "there is no image 'gone.png'"),
        ("/etc/x.png", "c", "", "there is no image '/etc/x.png'"),
        ("there", "c", "", "there is no image 'there'"),
        ("a.png", "", "c/a2.png", "line 2 has the file 'a.png' already"),
        ("b.png", "", "c/a.png", "line 2 has the target 'c/a.png' already"),
        ("c.png", "", "C/A.PNG", "line 2 has the target 'C/A.PNG' already"),
        ("d.png", "", "../d.png", "the target '../d.png' does not lie in"),
        ("e.png", "/etc", "", "the target '/etc/e.png' does not lie in"),
        ("f.png", ".imgsort", "", "the target '.imgsort/f.png' does not lie in"),
        ("g.png", "", "there/x.png", "there is a file 'there/x.png' already"),
        ("h.png", "link", "", "a link or a file is on the way to the target 'link/h.png'"),
        ("i.png", "there/x.png", "", "a link or a file is on the way"),
        ("j.png", "c", "d/j.png", "the category 'c' and the target 'd/j.png' do not agree"),
        ("", "c", "c/y.png", "the cell of the file is empty"),
        ("k.png", "", "x" * 300 + ".png", "has a name of more than 255 bytes"),
        ("l.png", "", "m.png", "there is a file 'm.png' already"),
        ("o.png", "", "there/o.png", "there is a file 'there/o.xmp' already"),
        ("n.png", "", "", None),
        ("m.png", "d", "", None),
    ]  # fmt: skip
    path = saved(tmp_path / "p.csv", root, [line[:3] for line in lines])
    other = saved(tmp_path / "q.csv", tmp_path, [("p.png", "c", "")]).read_text().splitlines(keepends=True)[1]
    path.write_text(path.read_text() + other)
    with pytest.raises(PlanError) as caught:
        imgsort.apply(path)
    head, *told = str(caught.value).splitlines()
    assert head == f"{path}: nothing was moved. These lines of the plan are wrong:"
    due = [(number, line[3]) for number, line in enumerate(lines, 2) if line[3]]
    due.append((len(lines) + 2, "collection, output and mode must be those of the first line"))
    assert len(told) == len(due)
    for text, (number, reason) in zip(told, due, strict=True):
        assert text.startswith(f"  line {number}: ") and reason in text
    path.unlink(), (tmp_path / "q.csv").unlink()
    assert read_tree(tmp_path) == before
    assert not (root / ".imgsort/runs").exists()


@pytest.mark.parametrize("mode", [Mode.COPY, Mode.HARDLINK, Mode.SYMLINK])
def test_a_wrong_line_keeps_all_from_an_output_elsewhere(tmp_path, mode):
    """A copy or a link does not overwrite an existing file either."""
    root, out = tmp_path / "in", tmp_path / "out"
    make_tree(tmp_path, {"in/a.png": b"1", "in/b.png": b"2", "out/c/B.png": b"mine", "out/c/b.png": b"mine too"})
    before = read_tree(tmp_path)
    path = saved(tmp_path / "p.csv", root, [("a.png", "c", ""), ("b.png", "c", "")], out, mode)
    with pytest.raises(PlanError, match=r"line 3: there is a file 'c/b\.png' already"):
        imgsort.apply(path)
    path.unlink()
    assert read_tree(tmp_path) == before


def test_a_file_that_cannot_be_read(tmp_path):
    """If a file vanishes while the lines are checked, the error names its line. All other files stay."""
    root = tmp_path / "in"
    make_tree(root, {f"{number:03}.png": b"%d" % number for number in range(200)})
    path = saved(tmp_path / "p.csv", root, [(name, "c", "") for name in sorted(names(root))])

    class Removing(Listener):
        def progress(self, task, done, total):
            if (task, done) == ("checking", 1):
                (root / "199.png").unlink()

    with pytest.raises(PlanError, match=r"wrong:\n  line 201: the file '199.png' cannot be read$"):
        imgsort.apply(path, listener=Removing())
    assert len(names(root)) == 199
    assert not (root / "c").exists()


@pytest.mark.parametrize("content", [b"", b"\x89PNG\r\n\x1a\n\0", b"file,target\na.png,c/a.png\n", None])
def test_what_is_no_plan(tmp_path, content):
    """An empty file, a binary file, another table and a missing file are usage errors that name the file.

    Nothing moves.
    """
    make_tree(tmp_path, {"a.png": b"1"} | ({} if content is None else {"p.csv": content}))
    before = read_tree(tmp_path)
    with pytest.raises(UsageError, match=r"p\.csv"):
        imgsort.apply(tmp_path / "p.csv")
    assert read_tree(tmp_path) == before
    assert not (tmp_path / ".imgsort").exists()


def test_a_collection_that_is_gone(tmp_path):
    """A collection that was renamed or never existed is an error. Apply does not make it."""
    path = saved(tmp_path / "p.csv", tmp_path / "no", [("a.png", "c", "")])
    with pytest.raises(CollectionError, match="no such folder"):
        imgsort.apply(path)
    assert os.listdir(tmp_path) == ["p.csv"]


def test_a_second_apply_of_one_plan(faulty, tmp_path):
    """The error names every file as missing, and nothing moves."""
    imgsort.check(faulty, move=True, plan=tmp_path / "p.csv")
    done = imgsort.apply(tmp_path / "p.csv")
    before = read_tree(faulty)
    with pytest.raises(PlanError) as caught:
        imgsort.apply(tmp_path / "p.csv")
    sources = [move.source for move in done.moves if move.follows is None]
    assert str(caught.value).splitlines()[1:] == [
        f"  line {line}: there is no image {source!r} in {faulty}" for line, source in enumerate(sources, 2)
    ]
    assert read_tree(faulty) == before


def test_a_second_copy_of_one_plan(tmp_path):
    """The error names every target as taken, and the copies stay."""
    root, out = tmp_path / "in", tmp_path / "out"
    make_tree(root, {"a.png": b"1", "b.png": b"2"})
    path = saved(tmp_path / "p.csv", root, [("a.png", "c", ""), ("b.png", "d", "")], out, "copy")
    imgsort.apply(path)
    with pytest.raises(PlanError, match=r"line 2: there is a file 'c/a.png' already\n  line 3: there is a file"):
        imgsort.apply(path)
    assert names(out) == {"c/a.png": b"1", "d/b.png": b"2"}


def test_dry_run_touches_nothing(faulty, tmp_path):
    """A dry run shows the moves of the real run and finds wrong lines. It does not even make `.imgsort`."""
    imgsort.check(faulty, move=True, plan=tmp_path / "p.csv")
    before = read_tree(tmp_path)
    planned = imgsort.apply(tmp_path / "p.csv", dry_run=True)
    assert (planned.status, planned.dry_run) == ("planned", True)
    wrong = saved(tmp_path / "wrong.csv", faulty, [("red.png", "c", ""), ("gone.png", "c", "")])
    with pytest.raises(PlanError, match="line 3"):
        imgsort.apply(wrong, dry_run=True)
    wrong.unlink()
    assert read_tree(tmp_path) == before
    assert list(tmp_path.rglob(".imgsort")) == []
    assert imgsort.apply(tmp_path / "p.csv").moves == planned.moves


def test_a_plan_that_leaves_all_where_it_is(tmp_path):
    """If a plan moves nothing, there is nothing to do, no run, and nothing to undo."""
    make_tree(tmp_path / "in", {"a.png": b"1", "c/b.png": b"2"})
    before = read_tree(tmp_path / "in")
    path = saved(tmp_path / "p.csv", tmp_path / "in", [("a.png", "", ""), ("c/b.png", "c", "c/b.png")])
    assert imgsort.apply(path).status == "nothing to do"
    assert read_tree(tmp_path / "in") == before
    assert imgsort.history(tmp_path / "in").runs == ()


def test_a_locked_collection(tmp_path):
    """While another command works in the collection, apply ends at once. A dry run still works."""
    root = tmp_path / "in"
    make_tree(root, {"a.png": b"1"})
    path = saved(tmp_path / "p.csv", root, [("a.png", "c", "")])
    with locked([root.resolve()], "check"):
        with pytest.raises(LockedError, match="imgsort check"):
            imgsort.apply(path)
        assert imgsort.apply(path, dry_run=True).status == "planned"
    assert names(root) == {"a.png": b"1"}


def test_where_the_plan_is_saved(faulty, tmp_path):
    """A plan overwrites nothing, and its folder must exist. A plan with a dry run or without moves is an error."""
    (tmp_path / "mine.csv").write_text("mine")
    before = read_tree(tmp_path)
    for options in (
        {"move": True, "plan": tmp_path / "mine.csv"},
        {"move": True, "plan": tmp_path / "no" / "p.csv"},
        {"move": True, "plan": tmp_path / "p.csv", "dry_run": True},
        {"move": False, "plan": tmp_path / "p.csv"},
    ):
        with pytest.raises(UsageError):
            imgsort.check(faulty, **options)
    assert read_tree(tmp_path) == before


def test_a_plan_in_the_collection_itself(faulty):
    """Only the plan appears in the collection. It is no image and stays, and no line may take its name."""
    before = read_tree(faulty)
    imgsort.check(faulty, move=True, plan=faulty / "p.csv")
    assert read_tree(faulty).keys() == before.keys() | {"p.csv"}
    imgsort.apply(faulty / "p.csv")
    assert (faulty / "p.csv").exists()
    imgsort.undo(faulty)
    with pytest.raises(PlanError, match="does not have the suffix of an image"):
        imgsort.apply(saved(faulty / "q.csv", faulty, [("red.png", "", "p.csv")]))
    assert read_tree(faulty).keys() == before.keys() | {"p.csv", "q.csv"}


def meanwhile(monkeypatch, change):
    """Call `change` after every line was checked and before the first move."""
    real = filing_apply._make_folders

    def make_and_change(run):
        real(run)
        change()

    monkeypatch.setattr(filing_apply, "_make_folders", make_and_change)


@pytest.mark.parametrize("kind", ["edited", "taken", "sidecar taken", "linked"])
def test_what_changes_after_the_check_is_refused(tmp_path, monkeypatch, kind):
    """An edited file and a file whose new place is taken are refused and stay. Nothing is overwritten."""
    root, other = tmp_path / "in", tmp_path / "other"
    make_tree(tmp_path, {"in/a.png": b"1", "in/a.xmp": b"2", "in/b.png": b"3", "other/z": b"4"})
    before = read_tree(root)
    path = saved(tmp_path / "p.csv", root, [("a.png", "c", "c/new.png"), ("b.png", "d", "")])

    def change():
        if kind == "edited":
            (root / "a.png").write_bytes(b"edited")
        elif kind == "taken":
            (root / "c/new.png").write_bytes(b"foreign")
        elif kind == "sidecar taken":
            (root / "c/new.xmp").write_bytes(b"foreign")
        else:
            (root / "c").rmdir()
            (root / "c").symlink_to(other, target_is_directory=True)

    meanwhile(monkeypatch, change)
    result = imgsort.apply(path)
    assert {refusal.path for refusal in result.refused} == {"a.png", "a.xmp"}
    tree = names(root)
    assert (tree["a.png"], tree["a.xmp"], tree["d/b.png"]) == (b"edited" if kind == "edited" else b"1", b"2", b"3")
    assert names(other) == {"z": b"4"}
    assert {"taken": tree.get("c/new.png"), "sidecar taken": tree.get("c/new.xmp")}.get(kind, b"foreign") == b"foreign"
    monkeypatch.undo()
    imgsort.undo(root)
    assert names(root).items() >= ({"b.png": b"3", "a.xmp": b"2"} if kind == "edited" else names_of(before)).items()


def names_of(tree):
    return {path: facts[0] for path, facts in tree.items() if isinstance(facts, tuple)}


def test_ctrl_c_in_the_middle(tmp_path):
    """After Ctrl-C every file is in one place. Undo puts the moved files back."""
    root = tmp_path / "in"
    make_tree(root, {f"{number:03}.png": b"%d" % number for number in range(300)})
    before = read_tree(root)
    path = saved(tmp_path / "p.csv", root, [(name, "c", f"c/new {name}") for name in sorted(names(root))])

    class Pressing(Listener):
        def progress(self, task, done, total):
            if task == "filing":
                raise KeyboardInterrupt

    with pytest.raises(InterruptedRunError):
        imgsort.apply(path, listener=Pressing())
    assert sorted(names(root).values()) == sorted(names_of(before).values())
    assert 0 < sum(name.startswith("c/") for name in names(root)) < 300
    imgsort.undo(root)
    assert read_tree(root) == before


def test_killed_in_the_middle(tmp_path):
    """After a kill, the next command settles the run of an edited plan, like any other run.

    Undo puts every file back.
    """
    root = tmp_path / "in"
    make_tree(root, {f"{number:03}.png": b"%d" % number for number in range(300)} | {"000.xmp": b"x"})
    before = read_tree(root)
    path = saved(tmp_path / "p.csv", root, [(f"{n:03}.png", "c", f"c/new {n}.png") for n in range(300)])
    script = (
        "import os, sys, imgsort\nfrom imgsort.jobs.listener import Listener\n"
        "class Killing(Listener):\n    def progress(self, task, done, total):\n"
        "        task == 'filing' and os._exit(9)\n"
        "imgsort.apply(sys.argv[1], listener=Killing())\n"
    )
    assert subprocess.run([sys.executable, "-c", script, str(path)], check=False).returncode == 9
    assert sorted(names(root).values()) == sorted(names_of(before).values())
    imgsort.undo(root)
    assert read_tree(root) == before


def test_a_renamed_category_is_used_and_what_is_left_empty_goes(tmp_path):
    """A line may name a category by its present name. A category that becomes empty is removed."""
    root = tmp_path / "in"
    make_tree(root, {"a.png": b"1", "b.png": b"2", "mine/c.png": b"3"})
    imgsort.apply(saved(tmp_path / "1.csv", root, [("a.png", "one", ""), ("b.png", "two", "")]))
    (root / "one").rename(root / "Cats")
    tree = read_tree(root)
    rows = [("two/b.png", "Cats", ""), ("mine/c.png", "Cats", "")]
    imgsort.apply(saved(tmp_path / "2.csv", root, rows))
    assert names(root) == {"Cats/a.png": b"1", "Cats/b.png": b"2", "Cats/c.png": b"3"}
    assert (root / "mine").is_dir() and not (root / "two").exists()
    assert [folder.path for folder in known_folders(root.resolve())] == ["Cats"]
    imgsort.undo(root)
    assert read_tree(root) == tree


def test_an_image_that_is_given_its_sidecars_name(tmp_path):
    """The image `x.png` with the sidecar `x.xmp` may not become `y.xmp`. Nothing changes."""
    root = tmp_path / "in"
    make_tree(root, {"x.png": b"1", "x.xmp": b"2"})
    before = read_tree(root)
    with pytest.raises(PlanError, match="line 2"):
        imgsort.apply(saved(tmp_path / "p.csv", root, [("x.png", "", "c/y.xmp")]))
    assert read_tree(root) == before


def test_a_name_that_begins_with_a_space(tmp_path):
    """The double ` a.png` is rejected, and `a.png` stays."""
    root = tmp_path / "in"
    make_tree(root, {"a.png": NOISE, " a.png": NOISE})
    round_trip(tmp_path / "p.csv", root, lambda **o: imgsort.check(root, move=True, **o).filing)
    assert names(root) == {"a.png": NOISE, "Rejected/duplicate/ a.png": NOISE}


@pytest.mark.parametrize("output", ["out", "in/out"])
def test_what_is_rejected_never_makes_a_category(faulty, tmp_path, output):
    """The folder of rejected images is no category, even with an output.

    Otherwise a later run would sort the rejected images again.
    """
    output = tmp_path / output
    imgsort.check(faulty, move=True, output=output, plan=tmp_path / "p.csv")
    applied = imgsort.apply(tmp_path / "p.csv")
    assert known_folders(applied.destination) == ()


@pytest.mark.parametrize("mode", [Mode.MOVE, Mode.COPY])
def test_a_run_is_on_record_where_the_jobs_would_be(faulty, tmp_path, mode):
    """`imgsort undo OUTPUT` takes back what apply did. Nothing stays in the output."""
    out = tmp_path / "out"
    imgsort.check(faulty, move=True, output=out, mode=mode, plan=tmp_path / "p.csv")
    imgsort.apply(tmp_path / "p.csv")
    imgsort.undo(out)
    assert read_tree(out) == {}


@pytest.mark.parametrize(
    ("column", "text"),
    [("distance", "nan"), ("target", "y" * 250 + ".png"), ("output", "/a\0b"), ("target", "y/" * 3000)],
)
def test_values_that_the_system_does_not_take(tmp_path, column, text):
    """A value that the system does not accept is an error of imgsort, or no error. No file is lost."""
    root = tmp_path / "in"
    make_tree(root, {"a.png": b"1", "a.png.json": b"2"})
    path = saved(tmp_path / "p.csv", root, [("a.png", "", "c/a.png")])
    try:
        imgsort.apply(edited(path, lambda rows: [row | {column: text + "y" * text.endswith("/")} for row in rows]))
    except imgsort.ImgsortError:
        assert names(root) == {"a.png": b"1", "a.png.json": b"2"}


def test_a_renamed_category_is_still_what_it_was_made_as(tmp_path):
    """A plan that puts an image into a renamed category does not change its `made_as`.

    `--update` knows categories by `made_as`.
    """
    root = tmp_path / "in"
    make_tree(root, {"a.png": b"1", "b.png": b"2"})
    imgsort.apply(saved(tmp_path / "1.csv", root, [("a.png", "category_1", "")]))
    (root / "category_1").rename(root / "Cats")
    imgsort.apply(saved(tmp_path / "2.csv", root, [("b.png", "Cats", "")]))
    assert [(folder.path, folder.made_as) for folder in known_folders(root.resolve())] == [("Cats", "category_1")]


def test_an_update_does_not_go_by_categories_that_a_plan_has_replaced(few_photos, tmp_path):
    """If a plan with four categories was applied, the saved centres of two older ones are out of date."""
    imgsort.categorize(few_photos, clusters=2, **LITE)
    imgsort.categorize(few_photos, clusters=4, plan=tmp_path / "p.csv", **LITE)
    imgsort.apply(tmp_path / "p.csv")
    assert len([folder for folder in os.listdir(few_photos) if folder.startswith("category_")]) == 4
    _, is_current = latest(few_photos.resolve(), {"category_1", "category_2", "category_3", "category_4"})
    assert not is_current


def test_a_file_that_was_changed_since_stays(faulty, tmp_path):
    """If a file has other content than when the plan was made, the error names its line. The file stays."""
    imgsort.check(faulty, move=True, plan=tmp_path / "p.csv")
    name = read_plan(tmp_path / "p.csv").rows[0].file
    (faulty / name).write_bytes(b"another picture")
    before = read_tree(faulty)
    with pytest.raises(PlanError, match=f"line 2: the file {name!r} was changed since the plan was made"):
        imgsort.apply(tmp_path / "p.csv")
    assert read_tree(faulty) == before


@pytest.mark.parametrize(
    ("target", "words"),
    [
        (".hidden.png", "is hidden"),
        (".config/autostart/a.png", "is hidden"),
        ("c/.imgsort-20260101-000000-000-1.tmp", "does not lie in|does not have the suffix of an image"),
        ("c/a.desktop", "does not have the suffix of an image"),
        ("c/noext", "does not have the suffix of an image"),
        ("c\\a.png", "backslash"),
    ],
)
def test_a_plan_puts_nothing_out_of_sight_and_makes_no_programs(tmp_path, target, words):
    """A plan may only give an image the name of an image, in a place where a person sees it."""
    root = tmp_path / "in"
    make_tree(root, {"a.png": b"1"})
    with pytest.raises(PlanError, match=words):
        imgsort.apply(saved(tmp_path / "p.csv", root, [("a.png", "", target)]))
    assert names(root) == {"a.png": b"1"}


def test_a_plan_of_many_folders_can_be_undone(tmp_path):
    """A run with hundreds of folders with long names is read again from its file and undone."""
    root = tmp_path / "in"
    make_tree(root, {f"{number}.png": b"1" for number in range(800)})
    before = read_tree(root)
    folders = (f"{'写真旅行日本春天大阪京都' * 6} {number}" for number in range(800))
    rows = [(f"{number}.png", "", f"{folder}/{number}.png") for number, folder in enumerate(folders)]
    imgsort.apply(saved(tmp_path / "p.csv", root, rows))
    assert len(os.listdir(root)) == 801
    imgsort.undo(root)
    assert read_tree(root) == before


def test_a_plan_is_no_pipe(tmp_path):
    """A pipe with the plan's name is refused. Apply does not wait for it."""
    os.mkfifo(tmp_path / "p.csv")
    with pytest.raises(UsageError, match="cannot be read"):
        imgsort.apply(tmp_path / "p.csv")


def test_the_plan_of_outliers_leaves_the_centres_as_they_are(few_photos, tmp_path):
    """A plan that neither makes categories nor moves images between them keeps the centres for --update."""
    imgsort.categorize(few_photos, clusters=2, size=64, model="efficientnet-lite0")
    imgsort.find_outliers(few_photos, max_outliers=1, size=64, model="efficientnet-lite0", plan=tmp_path / "p.csv")
    imgsort.apply(tmp_path / "p.csv")
    assert latest(few_photos.resolve(), {"category_1", "category_2"})[1]


def test_a_plan_takes_nothing_from_hidden_folders(tmp_path):
    """A plan does not move images in hidden folders, because no command lists them."""
    root = tmp_path / "in"
    make_tree(root, {".private/a.png": b"1", "b.png": b"2"})
    with pytest.raises(PlanError, match=r"there is no image .\.private/a\.png"):
        imgsort.apply(saved(tmp_path / "p.csv", root, [(".private/a.png", "", "a.png")]))
    assert names(root) == {".private/a.png": b"1", "b.png": b"2"}
