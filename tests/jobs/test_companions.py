"""Tests that all that belongs to a photo goes with it and comes back, and that what stays behind is named."""

import pytest

import imgsort
from imgsort.errors import UsageError
from tests.support.companions import CHAINS, PAIRS
from tests.support.pictures import plain
from tests.support.trees import make_tree, names, read_tree

TINY = plain((200, 10, 10))
OWN = ["{stem}_mask.png", "{name}.notes"]


def reject(root, **options):
    """Move the tiny pictures of `root` to Rejected/too-small."""
    return imgsort.check(root, move=True, reasons=["too-small"], **options).filing


def units():
    return {kind: [image, *others] for kind, (image, *others) in {**PAIRS, **CHAINS}.items()}


@pytest.mark.parametrize("kind", units())
def test_a_companion_of_any_kind_goes_and_comes_back(tmp_path, kind):
    """The whole unit moves and comes back. If another one has its names, it gets a number and stays one unit."""
    image, *others = units()[kind]
    for folder in "ab":
        make_tree(tmp_path, {f"{folder}/{image}": TINY, **{f"{folder}/{other}": other.encode() for other in others}})
    before = read_tree(tmp_path)
    result = reject(tmp_path, recursive=True)
    assert (len(result.moves), result.sidecars) == (2 * len([image, *others]), 2 * len(others))
    assert {f"Rejected/too-small/{name}" for name in [image, *others]} <= set(names(tmp_path))
    assert all(name.startswith("Rejected/too-small/") for name in names(tmp_path))
    assert result.notices == ()
    # The numbered unit is whole too: taken out of its folder, it goes on together.
    first = [f"Rejected/too-small/{name}" for name in [image, *others]]
    make_tree(tmp_path / "next", {})
    rest = {name.rpartition("/")[2]: content for name, content in names(tmp_path).items() if name not in first}
    make_tree(tmp_path / "next", rest)
    assert reject(tmp_path / "next").sidecars == len(others)
    imgsort.undo(tmp_path / "next")
    assert names(tmp_path / "next") == rest
    for name in rest:
        (tmp_path / "next" / name).unlink()
    imgsort.undo(tmp_path)
    assert {path: content for path, content in read_tree(tmp_path).items() if not path.startswith("next")} == before


def test_a_users_own_sidecars_go_with_their_image(tmp_path):
    """A pattern takes files along, also images, which are then not judged by themselves."""
    tree = {"x.png": TINY, "x_mask.png": TINY, "x.png.notes": b"1", "x_mask.png.xmp": b"2", "y_mask.png": TINY}
    make_tree(tmp_path, tree)
    before = read_tree(tmp_path)
    result = reject(tmp_path, sidecar_patterns=OWN)
    assert result.images == 2
    assert {move.source: move.follows for move in result.moves} == {
        "x.png": None,
        "x_mask.png": "x.png",
        "x_mask.png.xmp": "x.png",
        "x.png.notes": "x.png",
        "y_mask.png": None,
    }
    imgsort.undo(tmp_path)
    assert read_tree(tmp_path) == before
    assert reject(tmp_path, dry_run=True).images == 3


def test_an_applied_plan_takes_a_users_own_sidecars_along(tmp_path):
    """`apply` renames them as it renames their image."""
    make_tree(tmp_path / "in", {"x.png": TINY, "x_mask.png": TINY, "x.png.notes": b"1"})
    reject(tmp_path / "in", sidecar_patterns=OWN, plan=tmp_path / "p.csv")
    text = (tmp_path / "p.csv").read_text(encoding="utf-8")
    (tmp_path / "p.csv").write_text(text.replace("too-small/x.png", "too-small/y.png"), encoding="utf-8")
    imgsort.apply(tmp_path / "p.csv", sidecar_patterns=OWN)
    assert set(names(tmp_path / "in" / "Rejected/too-small")) == {"y.png", "y_mask.png", "y.png.notes"}


@pytest.mark.parametrize("patterns", [["mask.png"], ["a/{stem}"], "x", ["{stem}*"]])
def test_what_is_no_pattern_moves_nothing(tmp_path, patterns):
    """A wrong pattern is a usage error before anything is looked at; so is one beside `sidecars=False`."""
    make_tree(tmp_path, {"x.png": TINY})
    with pytest.raises(UsageError, match="--sidecar"):
        reject(tmp_path, sidecar_patterns=patterns)
    with pytest.raises(UsageError, match="--no-sidecars do not go together"):
        reject(tmp_path, sidecar_patterns=OWN, sidecars=False)
    assert names(tmp_path) == {"x.png": TINY}


def test_companions_that_stay_are_counted(tmp_path):
    """A notice counts them, names one, and says which option takes such files along; and that option does."""
    make_tree(tmp_path, {"a/x.png": TINY, "a/x.png.xyz": b"1", "a/other.xyz": b"2"})
    before = read_tree(tmp_path)
    (planned,) = reject(tmp_path, recursive=True, dry_run=True).notices
    assert planned == (
        "1 file looks like a companion of photos that move and would be left, for example a/x.png.xyz. "
        "--sidecar '{name}.xyz' takes it along."
    )
    (notice,) = reject(tmp_path, recursive=True).notices
    assert notice == planned.replace("move and would be", "moved and was")
    imgsort.undo(tmp_path)
    assert read_tree(tmp_path) == before
    result = reject(tmp_path, recursive=True, sidecar_patterns=["{name}.xyz"])
    assert (result.notices, result.sidecars) == ((), 1)


def test_the_commonest_kind_is_the_example(tmp_path):
    """Of several kinds, the notice shows the one that most files are of, and says for how many the option helps."""
    tree = {f"{name}.png": TINY for name in "xyz"} | {f"{name}_notes.md": b"1" for name in "yz"}
    make_tree(tmp_path, {**tree, "x.pdf": b"1", "NKSC_PARAM/x.png.nksc": b"2"})
    (notice,) = reject(tmp_path, mode="copy", output=tmp_path.with_name(tmp_path.name + "_out")).notices
    assert notice == (
        "4 files look like companions of photos that were copied and were left, for example y_notes.md. "
        "--sidecar '{stem}_notes.md' takes 2 of them along."
    )


def test_only_what_no_option_helps_gets_no_advice(tmp_path):
    """Files in an editor's folder, and names that cannot be a pattern, are counted without advice."""
    make_tree(tmp_path, {"x.png": TINY, "NKSC_PARAM/x.png.nksc": b"1", "x.{1}": b"2"})
    (notice,) = reject(tmp_path, dry_run=True).notices
    assert notice.startswith("2 files look like companions")
    assert "--sidecar" not in notice


def test_what_belongs_to_photos_that_stay_is_not_counted(tmp_path):
    """Sidecars of other photos, photos themselves, and files beside photos that stay give no notice."""
    make_tree(tmp_path, {"x.png": TINY, "x (2).png": b"no image", "x (2).xmp": b"1", "y.pdf": b"2"})
    assert reject(tmp_path).notices == ()


def test_who_leaves_sidecars_on_purpose_hears_nothing(tmp_path):
    """With `sidecars=False` no notice counts what stays."""
    make_tree(tmp_path, {"x.png": TINY, "x.xmp": b"1", "x.pdf": b"2"})
    result = reject(tmp_path, sidecars=False)
    assert (result.notices, len(result.moves)) == ((), 1)
