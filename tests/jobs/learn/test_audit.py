"""Tests `audit` on real photographs, two of which lie in the wrong class."""

import json
import shutil

import pytest
from PIL import Image

from imgsort.errors import CollectionError, StrictError, TooFewImagesError, UsageError
from imgsort.images.decoding.decode import ReadSettings
from imgsort.jobs.learn.audit import audit
from imgsort.jobs.learn.steps.settings import LearnSettings
from imgsort.jobs.learn.steps.training_data import TrainingReader
from imgsort.jobs.learn.train import train
from imgsort.jobs.listener import Remembering
from imgsort.jobs.organize.apply import apply
from imgsort.jobs.organize.undo import undo
from imgsort.learning.data.dataset import PARTS
from tests.support.classifiers import SMALL, files_of, put
from tests.support.misfiled import KINDS, MISFILED, QUICK, misfiled_classes
from tests.support.pictures import encode, gradient
from tests.support.trees import names, read_tree


@pytest.fixture(scope="module")
def made(demo_photos, tmp_path_factory):
    """Return (folder, {path: right class}) of classes with two images in the wrong one. No test changes it."""
    root = tmp_path_factory.mktemp("audit") / "classes"
    return root, misfiled_classes(demo_photos, root)


@pytest.fixture(scope="module")
def found(made, cache_folder):
    """Return the result of an audit that only looks."""
    return audit(made[0], **QUICK)


@pytest.fixture
def own(made, tmp_path):
    """Return a copy of the classes that a test may change."""
    return shutil.copytree(made[0], tmp_path / "own")


def test_images_in_the_wrong_class_are_marked(made, found):
    """Both come first, are marked, and the class is named that they belong to. Nothing else is marked."""
    assert {finding.path: finding.suggested for finding in found.marked} == made[1]
    assert {finding.path for finding in found.findings[:2]} == set(made[1])
    assert all(finding.path.startswith(f"{finding.is_of}/") for finding in found.findings)
    assert all(0 < finding.score <= finding.probability <= 1 for finding in found.findings)
    scores = [finding.score for finding in found.findings]
    assert scores == sorted(scores, reverse=True)
    pairs = {frozenset(pair.classes) for pair in found.mixed}
    assert {frozenset(pair) for pair in MISFILED.items()} <= pairs


def test_without_move_nothing_changes(own):
    """Not even the folder for records is made, and the status says that it only looked."""
    before = read_tree(own)
    result = audit(own, **QUICK)
    assert read_tree(own) == before
    assert not (own / ".imgsort").exists()
    assert (result.filing.status, result.filing.moves, result.filing.run) == ("checked", (), None)
    assert not result.filing.dry_run


def test_move_files_marked_images_with_their_sidecars_and_undo_takes_it_back(own, made):
    """A marked image goes to the class that it looks like. A name that is taken gets " (2)"; a sidecar goes along."""
    first, second = sorted(made[1])
    (own / first).with_suffix(".xmp").write_bytes(b"about it")
    taken = own / made[1][second] / second.partition("/")[2]
    shutil.copyfile(next((own / made[1][second]).glob("*.jpg")), taken)
    before = read_tree(own)
    result = audit(own, move=True, **QUICK)
    assert (own / made[1][first] / first.partition("/")[2]).with_suffix(".xmp").read_bytes() == b"about it"
    assert taken.with_name(f"{taken.stem} (2){taken.suffix}").is_file()
    assert not (own / first).exists() and not (own / second).exists()
    assert (len(result.filing.moves), result.filing.sidecars) == (3, 1)
    assert audit(own, **QUICK).marked == ()
    undo(own)
    assert read_tree(own) == before


def test_a_plan_shows_the_moves_first_and_apply_carries_it_out(own, made, tmp_path):
    """--plan moves nothing and needs no --move; `apply` then does what the plan says."""
    before = read_tree(own)
    result = audit(own, plan=tmp_path / "plan.csv", **QUICK)
    assert (read_tree(own), result.filing.status) == (before, "planned")
    apply(tmp_path / "plan.csv")
    assert all((own / right / path.partition("/")[2]).is_file() for path, right in made[1].items())
    undo(own)
    assert read_tree(own) == before


def test_copies_go_outside_and_the_classes_stay(own, made, tmp_path):
    """--copy --output puts the marked images, and nothing else, into folders of the classes they look like."""
    before = read_tree(own)
    audit(own, move=True, mode="copy", output=tmp_path / "out", **QUICK)
    assert read_tree(own) == before
    copied = {path.relative_to(tmp_path / "out").as_posix() for path in (tmp_path / "out").glob("*/*.jpg")}
    assert copied == {f"{right}/{path.partition('/')[2]}" for path, right in made[1].items()}


def test_an_image_in_a_deeper_folder_belongs_to_the_class_and_goes_to_the_other_class_itself(own, made):
    """Images below a class folder count as its own. What is right stays in its deeper folder."""
    path, right = next(iter(made[1].items()))
    other, _, name = path.partition("/")
    for each in list((own / other).iterdir()):
        (own / other / "2021").mkdir(exist_ok=True)
        each.rename(own / other / "2021" / each.name)
    result = audit(own, move=True, **QUICK)
    assert f"{other}/2021/{name}" in {finding.path for finding in result.marked}
    assert (own / right / name).is_file()
    assert len(list((own / other / "2021").iterdir())) >= 10


def test_threshold_and_max_say_how_many_are_marked(made, found):
    """A threshold takes the place of the rule, and a largest number keeps the highest scores."""
    only = audit(made[0], max_marked=1, **QUICK)
    assert [finding.path for finding in only.marked] == [found.findings[0].path]
    limit = found.findings[0].score
    assert [finding.path for finding in audit(made[0], threshold=limit, **QUICK).marked] == [found.findings[0].path]
    low = audit(made[0], threshold=0.000001, **QUICK)
    assert len(low.marked) == len(found.findings)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"threshold": 0.0}, "--threshold 0.0: it must be a score"),
        ({"threshold": 1.5}, "--threshold 1.5: it must be a score"),
        ({"max_marked": 0}, "--max 0"),
        ({"seed": -1}, "seed -1"),
        ({"output": "elsewhere"}, "need --move"),
        ({"mode": "copy"}, "need --move"),
    ],
)
def test_wrong_options_are_usage_errors(made, options, message):
    """A value that makes no sense is named, before anything is read."""
    with pytest.raises(UsageError, match=message):
        audit(made[0], **options)


def test_an_output_inside_would_become_a_class(own):
    """--output must lie outside the folder, whose subfolders are classes."""
    with pytest.raises(UsageError, match="whose subfolders are classes"):
        audit(own, move=True, output=own / "corrected", **QUICK)


def test_folders_without_two_classes_are_refused(made, tmp_path, demo_photos):
    """One class, or no class, or classes of a few images: the message says what is needed."""
    put(files_of(demo_photos, "coffee"), tmp_path / "one" / "coffee")
    with pytest.raises(TooFewImagesError, match="only one class"):
        audit(tmp_path / "one", **QUICK)
    with pytest.raises(CollectionError, match="no subfolder holds images"):
        audit(tmp_path / "one" / "coffee", **QUICK)
    put(files_of(demo_photos, "rocket")[:3], tmp_path / "one" / "rocket")
    with pytest.raises(TooFewImagesError, match="at least two classes need 5 different readable images"):
        audit(tmp_path / "one", **QUICK)


def test_a_small_class_is_not_judged_and_that_is_said(own, demo_photos, made):
    """Its images are neither marked nor suggested to anything; the other classes are judged as ever."""
    put(files_of(demo_photos, "flower")[:3], own / "flower")
    result = audit(own, **QUICK)
    assert any(notice.startswith("flower: fewer than 5 different images") for notice in result.filing.notices)
    assert {finding.path for finding in result.marked} == set(made[1])
    assert "flower" not in {name for finding in result.findings for name in (finding.is_of, finding.suggested)}


def test_an_image_in_two_classes_is_named(own):
    """The same bytes come first, and then what only looks the same."""
    image = next((own / "rocket").glob("*.jpg"))
    shutil.copyfile(image, own / "coffee" / "same.jpg")
    found = audit(own, **QUICK).in_two_classes
    assert found[0].same_bytes
    assert found[0].paths == ("coffee/same.jpg", f"rocket/{image.name}")


def test_each_image_in_two_classes_is_named_once_beside_the_same_bytes_if_there_are_any(own):
    """A near duplicate does not hide that an image has a copy of its bytes in another class."""
    image = next((own / "rocket").glob("*.jpg"))
    shutil.copyfile(image, own / "coffee" / "same.jpg")
    for quality in (60, 62, 64, 70):
        Image.open(image).save(own / "rocket" / f"near_{quality}.jpg", quality=quality)
    found = audit(own, **QUICK).in_two_classes
    assert [pair.paths for pair in found if pair.same_bytes] == [("coffee/same.jpg", f"rocket/{image.name}")]
    near = {path for pair in found if not pair.same_bytes for path in pair.paths}
    assert near >= {f"rocket/near_{quality}.jpg" for quality in (60, 62, 64, 70)}


def test_two_folders_of_one_class_look_like_one_and_nothing_moves_between_them(demo_photos, tmp_path):
    """A class that was divided at random is named as such, and none of its images is marked as the other half's."""
    both = [*files_of(demo_photos, "coffee"), *files_of(demo_photos, "rocket"), *files_of(demo_photos, "china")]
    put(both[::2], tmp_path / "mixed_a")
    put(both[1::2], tmp_path / "mixed_b")
    put(files_of(demo_photos, "chelsea"), tmp_path / "chelsea")
    result = audit(tmp_path, **QUICK)
    assert [pair.classes for pair in result.mixed if pair.look_like_one] == [("mixed_a", "mixed_b")]
    assert any(notice.startswith("mixed_a and mixed_b look like one class") for notice in result.filing.notices)
    assert not [finding for finding in result.marked if {finding.is_of, finding.suggested} == {"mixed_a", "mixed_b"}]


def test_names_do_not_matter(own, found):
    """An image with another name gets the same score: names decide nothing about the division into parts."""
    for number, path in enumerate(sorted(own.rglob("*.jpg"), reverse=True)):
        path.rename(path.with_name(f"{number:03}.jpg"))
    assert [finding.score for finding in audit(own, **QUICK).findings] == [finding.score for finding in found.findings]


def test_an_unreadable_image_is_a_row_and_strict_makes_it_an_error(own):
    """It is named with its reason, and nothing else changes; with `strict` the audit ends."""
    (own / "coffee" / "broken.jpg").write_bytes(b"no image")
    assert [row.path for row in audit(own, **QUICK).filing.unreadable] == ["coffee/broken.jpg"]
    with pytest.raises(StrictError):
        audit(own, strict=True, **QUICK)


def test_loose_images_and_special_folders_have_no_class(own, made):
    """Images at the top are left out with a notice; `Unsure` is no class."""
    (own / "loose.png").write_bytes(encode(gradient(), "PNG"))
    shutil.copytree(own / "rocket", own / "Unsure")
    result = audit(own, **QUICK)
    assert "1 images are in no class folder and are left out." in result.filing.notices
    assert {finding.path for finding in result.marked} == set(made[1])


def test_the_table_holds_the_findings(made, found, tmp_path):
    """--csv writes a line for each finding, the highest score first, and overwrites nothing."""
    audit(made[0], csv=tmp_path / "found.csv", **QUICK)
    lines = (tmp_path / "found.csv").read_text("utf-8-sig").splitlines()
    assert lines[0] == "file,class,looks like,probability,score,marked"
    assert [line.split(",")[0] for line in lines[1:]] == [finding.path for finding in found.findings]
    assert lines[1].endswith(",yes")
    with pytest.raises(UsageError):
        audit(made[0], csv=tmp_path / "found.csv", **QUICK)


def test_json_has_findings_best_first_and_mixed_classes(found):
    """The object has what scripts read, beside the keys of all commands that file."""
    shown = json.loads(json.dumps(found.to_json()))
    assert shown["command"] == "audit"
    assert set(shown["findings"][0]) == {"path", "class", "suggested", "probability", "score", "marked"}
    assert shown["findings"][0]["marked"] is True
    assert set(shown["mixed"][0]) == {"classes", "images", "share", "look_like_one"}


def test_training_leaves_out_what_an_audit_marks(made, tmp_path):
    """Marked images are neither learned from nor chosen by, and that is in the result and in its JSON."""
    one_epoch = {**SMALL, "epochs": 1}
    result = train(made[0], output=tmp_path / "audited.keras", audit=True, **one_epoch)
    before = parts_of(made[0], seed=0, audit=False)
    marked = {finding.path for finding in audit(made[0]).marked}
    expected = {path for path in marked if before[path] != "test"}
    assert expected
    assert {finding.path for finding in result.left_out} == expected
    lines = (result.report / "split.csv").read_text("utf-8-sig").splitlines()[1:]
    assert {line.split(",")[1]: line.split(",")[3] for line in lines} == {
        path: part for path, part in before.items() if path not in expected
    }
    assert [row["path"] for row in result.to_json()["left_out"]] == [finding.path for finding in result.left_out]
    assert any("left out of training and validation" in notice for notice in result.notices)


@pytest.mark.parametrize("seed", range(4))
def test_the_split_stays_and_test_images_all_stay(made, seed):
    """Whatever the seed: each image is in the part that it is in without the audit, and no test image is missing."""
    marked = {finding.path for finding in audit(made[0], seed=seed).marked}
    before, after = (parts_of(made[0], seed=seed, audit=is_audited) for is_audited in (False, True))
    assert after == {path: part for path, part in before.items() if part == "test" or path not in marked}


def parts_of(root, *, seed, audit):
    """Return the part of each image that training uses."""
    settings = LearnSettings(model="cnn", seed=seed, audit=audit)
    split = TrainingReader(settings, ReadSettings(), Remembering(None)).read_classes(root).split
    return {file.path: part for part, images in zip(PARTS, split.parts, strict=True) for file in images.files}


def test_every_kind_is_a_class(made):
    """The folder that these tests use has the classes that they think it has."""
    assert sorted(path.name for path in made[0].iterdir()) == sorted(KINDS)
    assert len(names(made[0])) == 36


def test_an_image_of_no_class_is_named(demo_photos, tmp_path):
    """A picture that shows something else than all others is far from them, whatever class it lies in."""
    for kind in ("chelsea", "coffee"):
        put(files_of(demo_photos, kind), tmp_path / kind)
    put(files_of(demo_photos, "rocket")[:1], tmp_path / "coffee")
    found = audit(tmp_path, **QUICK).like_no_class
    assert [row.path for row in found] == [f"coffee/{files_of(demo_photos, 'rocket')[0].name}"]
    assert found[0].score > 2.5
