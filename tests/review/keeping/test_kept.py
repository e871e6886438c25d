import json
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imgsort.images.finding.find import ImageFile
from imgsort.review.keeping.kept import Kept
from imgsort.review.keeping.taking_up import taken_up
from imgsort.review.sorting.corrections import Create, Merge, Move, Rename
from tests.review.sorting.sortings import sorting_of

FILES = tuple(ImageFile(f"{number}.png", 1, 1) for number in range(4))
CONTENTS = tuple("abcd")


def kept_sorting(folder, sorting, corrections=1):
    """Keep a sorting, and return what the next review finds."""
    Kept(folder, "categorize").keep(sorting, corrections, FILES, CONTENTS)
    return Kept(folder, "categorize")


@pytest.mark.parametrize(
    "correction", [Move((0, 3), 1), Move((1,), 2), Move((1,), 3), Rename(0, "Beach"), Merge((0,), 1), Create("x", (2,))]
)
def test_what_is_kept_is_offered_and_can_be_taken_up(tmp_path, correction):
    """The next review has the same groups with the same images in them, and knows what a person put there."""
    proposed = sorting_of(2, 2)
    corrected = correction.apply(proposed)
    offer = kept_sorting(tmp_path, corrected, 3).offered
    assert offer.corrections == 3
    again = taken_up(proposed, offer, FILES, CONTENTS)
    assert [again.group(group).name for group in again.images] == [
        corrected.group(group).name for group in corrected.images
    ]
    assert again.held == corrected.held
    assert {group.name for group in again.groups} == {group.name for group in corrected.groups}


def test_images_are_known_by_their_bytes_and_new_ones_stay_where_they_are(tmp_path):
    """A renamed file is known by its content; a file with other bytes, or a new one, stays in its proposed group."""
    offer = kept_sorting(tmp_path, Create("Beach", (0, 1)).apply(sorting_of(2, 2))).offered
    files = (ImageFile("renamed.png", 1, 1), *FILES[1:], ImageFile("new.png", 1, 1))
    again = taken_up(sorting_of(2, 3), offer, files, ("a", "changed", "c", "d", "e"))
    assert [again.group(group).name for group in again.images] == ["Beach", "category_1", *["category_2"] * 3]


def test_an_offer_that_nobody_decided_about_is_not_overwritten(tmp_path):
    """New corrections are kept beside it, and offered first; then the older ones are offered."""
    kept = kept_sorting(tmp_path, Rename(0, "first").apply(sorting_of(2, 2)))
    kept.keep(Rename(0, "second").apply(sorting_of(2, 2)), 1, FILES, CONTENTS)
    later = Kept(tmp_path, "categorize")
    assert [offer.groups[0].name for offer in later.offers] == ["first", "second"]
    second = later.offered
    assert later.offered_but([second.id]).groups[0].name == "first"
    later.decline(second)
    assert later.offered.groups[0].name == "first"
    later.decline(later.offered)
    assert later.offered is None and len(os.listdir(tmp_path)) == 2


def test_an_offer_is_gone_only_when_a_sorting_that_includes_it_is_found(tmp_path):
    """It stays on the disk until a later review finds the sorting that took it up."""
    kept = kept_sorting(tmp_path, Rename(0, "first").apply(sorting_of(2, 2)))
    taken = [kept.offered.id]
    kept.keep(Rename(0, "second").apply(sorting_of(2, 2)), 1, FILES, CONTENTS, takes=taken)
    assert len(os.listdir(tmp_path)) == 2
    later = Kept(tmp_path, "categorize")
    assert [offer.groups[0].name for offer in later.offers] == ["second"]
    assert os.listdir(tmp_path) == ["categorize-2.json"]


def test_what_was_applied_is_offered_once_its_run_is_not_in_force(tmp_path):
    """While the run is in force, nothing is offered, and the file stays."""
    kept = Kept(tmp_path, "categorize")
    kept.keep(Rename(0, "first").apply(sorting_of(2, 2)), 1, FILES, CONTENTS)
    kept.keep(Rename(0, "first").apply(sorting_of(2, 2)), 1, FILES, CONTENTS, run="a-run")
    asked = []
    assert Kept(tmp_path, "categorize", lambda run: bool(asked.append(run) or True)).offered is None
    assert asked == ["a-run"]
    assert Kept(tmp_path, "categorize", lambda _: False).offered.groups[0].name == "first"
    assert Kept(tmp_path, "categorize").offered.groups[0].name == "first"


def test_a_declined_offer_comes_again_behind_newer_ones(tmp_path):
    """Whoever begins anew loses nothing: the next review offers it again, after what was kept meanwhile."""
    kept = kept_sorting(tmp_path, Rename(0, "first").apply(sorting_of(2, 2)))
    kept.decline(kept.offered)
    assert kept.offered is None
    assert Kept(tmp_path, "categorize").offered.groups[0].name == "first"
    kept.keep(Rename(0, "second").apply(sorting_of(2, 2)), 1, FILES, CONTENTS)
    kept.forget()
    assert Kept(tmp_path, "categorize").offered.groups[0].name == "first"
    kept.keep(Rename(0, "third").apply(sorting_of(2, 2)), 1, FILES, CONTENTS)
    assert [offer.groups[0].name for offer in Kept(tmp_path, "categorize").offers] == ["first", "third"]


def test_many_undecided_offers_do_not_pile_up(tmp_path):
    """Of more than nine, the oldest is gone."""
    for number in range(12):
        Kept(tmp_path, "categorize").keep(Rename(0, f"n{number}").apply(sorting_of(2, 2)), 1, FILES, CONTENTS)
    names = [offer.groups[0].name for offer in Kept(tmp_path, "categorize").offers]
    assert names == [f"n{number}" for number in range(3, 12)]


def test_corrections_of_another_command_are_not_offered(tmp_path):
    """Each command has its own corrections."""
    kept_sorting(tmp_path, Rename(0, "x").apply(sorting_of(2, 2)))
    assert Kept(tmp_path, "outliers").offered is None
    assert Kept(tmp_path, "categorize").offered is not None


def record():
    """Return a record as imgsort writes it."""
    return {
        "version": 1,
        "command": "categorize",
        "saved": "2026-01-02 03:04",
        "corrections": 1,
        "clusters": None,
        "groups": [["Beach", "category", True], ["Stays where it is", "stays", False]],
        "images": [["0.png", "a", 0, True]],
    }


def test_the_record_of_these_tests_is_offered(tmp_path):
    """What the next test damages is sound before."""
    (tmp_path / "categorize.json").write_text(json.dumps(record()))
    assert Kept(tmp_path, "categorize").offered.saved == "2026-01-02 03:04"


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("version", 2),
        ("command", "outliers"),
        ("saved", "<script>"),
        ("saved", 7),
        ("corrections", -1),
        ("corrections", "many"),
        ("clusters", "eight"),
        ("groups", None),
        ("groups", [["../x", "category", True]]),
        ("groups", [["/etc", "category", True]]),
        ("groups", [[".imgsort", "category", True]]),
        ("groups", [["Beach", "folder", True]]),
        ("groups", [["Beach", "category", "yes"]]),
        ("groups", [["Beach", "category"]]),
        ("images", [["../0.png", "a", 0, True]]),
        ("images", [["/0.png", "a", 0, True]]),
        ("images", [["0.png", "a", 2, True]]),
        ("images", [["0.png", "a", -1, True]]),
        ("images", [["0.png", "a", 0.5, True]]),
        ("images", [["0.png", 5, 0, True]]),
        ("images", [["0.png", "a", 0, True]] * 2),
        ("images", {"a": 1}),
        ("groups", [["a\u202eb", "category", True]]),
        ("groups", [["a\tb", "category", True]]),
        ("groups", [[" a", "category", True]]),
        ("groups", [[".", "category", True]]),
        ("takes", 5),
        ("takes", [7]),
        ("run", 7),
    ],
)
def test_what_imgsort_did_not_write_is_set_aside(tmp_path, key, value):
    """A record with a wrong value is not offered. It is told of, and its file is kept under another name."""
    (tmp_path / "categorize.json").write_text(json.dumps({**record(), key: value}))
    kept = Kept(tmp_path, "categorize")
    assert kept.offered is None
    assert len(kept.notices) == 1 and str(tmp_path) in kept.notices[0]
    assert os.listdir(tmp_path) == ["categorize-1.0.bad"]


@given(st.binary(max_size=300) | st.text(max_size=100).map(lambda text: json.dumps(text).encode()))
def test_no_bytes_are_an_error(tmp_path_factory, data):
    """Whatever lies there, the review begins."""
    folder = tmp_path_factory.mktemp("review")
    (folder / "categorize.json").write_bytes(data)
    assert Kept(folder, "categorize").offered is None


def test_a_link_is_not_read(tmp_path):
    """A link in place of the file is set aside, and what it leads to stays as it is."""
    (tmp_path / "review").mkdir()
    (tmp_path / "other.json").write_text(json.dumps(record()))
    (tmp_path / "review" / "categorize.json").symlink_to(tmp_path / "other.json")
    kept = Kept(tmp_path / "review", "categorize")
    assert kept.offered is None and kept.notices
    kept.keep(sorting_of(2, 2), 1, FILES, CONTENTS)
    assert json.loads((tmp_path / "other.json").read_text()) == record()


def test_the_next_corrections_do_not_write_through_a_link(tmp_path):
    """A link under the name of the temporary file is replaced, not followed."""
    (tmp_path / "victim").write_text("whole")
    (tmp_path / "categorize.json.tmp").symlink_to(tmp_path / "victim")
    kept_sorting(tmp_path, sorting_of(2, 2))
    assert (tmp_path / "victim").read_text() == "whole"


def test_a_file_that_is_too_large_is_not_read(tmp_path, monkeypatch):
    """A file beyond the limit is set aside before it is read."""
    monkeypatch.setattr("imgsort.review.keeping.kept.MAX_BYTES", 10)
    (tmp_path / "categorize.json").write_text(json.dumps(record()))
    assert Kept(tmp_path, "categorize").offered is None


def test_a_file_that_is_larger_than_the_collection_needs_is_left_and_not_read(tmp_path, monkeypatch):
    """Reading takes many times its memory. The file stays, for a time with more images."""
    monkeypatch.setattr("imgsort.review.keeping.kept._BYTES_AT_LEAST", 100)
    (tmp_path / "categorize.json").write_text(json.dumps(record()))
    few = Kept(tmp_path, "categorize")
    assert few.offered is None and len(few.notices) == 1
    assert Kept(tmp_path, "categorize", images=1).offered is not None


def test_of_large_offers_only_the_latest_are_read(tmp_path, monkeypatch):
    """All together are not larger than one may be; the others stay."""
    for number in range(4):
        Kept(tmp_path, "categorize").keep(Rename(0, f"n{number}").apply(sorting_of(2, 2)), 1, FILES, CONTENTS)
    size = (tmp_path / "categorize.json").stat().st_size
    monkeypatch.setattr("imgsort.review.keeping.kept._BYTES_AT_LEAST", int(2.5 * size))
    kept = Kept(tmp_path, "categorize")
    assert [offer.groups[0].name for offer in kept.offers] == ["n2", "n3"]
    assert len(kept.notices) == 2 and len(os.listdir(tmp_path)) == 4


def test_folders_in_place_of_the_files_hinder_no_review(tmp_path):
    """They are set aside and told of, whatever is in them, and corrections are kept."""
    names = ["categorize", "categorize-applied", *(f"categorize-{number}" for number in range(1, 10))]
    for name in [*(f"{name}.json" for name in names), "categorize.json.tmp"]:
        (tmp_path / name).mkdir()
        (tmp_path / name / "mine").write_text("mine")
    kept = Kept(tmp_path, "categorize")
    assert kept.offered is None and len(kept.notices) == 12
    kept.keep(sorting_of(2, 2), 1, FILES, CONTENTS)
    assert Kept(tmp_path, "categorize").offered is not None
    assert sum(1 for path in tmp_path.rglob("mine")) == 12


def test_a_group_that_no_person_could_make_is_not_made_by_what_was_kept(tmp_path):
    """Its images stay in their proposed groups. A group of the folder itself takes no images."""
    groups = [["a\u202eb", "category", False], [".", "category", False], ["Beach", "category", True]]
    images = [[f"{number}.png", "abcd"[number], group, True] for number, group in enumerate((0, 1, 2))]
    (tmp_path / "categorize.json").write_text(json.dumps({**record(), "groups": groups, "images": images}))
    again = taken_up(sorting_of(2, 2), Kept(tmp_path, "categorize").offered, FILES, CONTENTS)
    assert [again.group(group).name for group in again.images] == ["category_1", "category_1", "Beach", "category_2"]
    assert again.held == {2} and not {"a\u202eb", "."} & {group.name for group in again.groups}


def test_more_than_can_be_read_again_is_not_written(tmp_path, monkeypatch):
    """Keeping fails with an OSError, and what was kept before stays."""
    kept = Kept(tmp_path, "categorize")
    kept.keep(sorting_of(2, 2), 1, FILES, CONTENTS)
    monkeypatch.setattr("imgsort.review.keeping.kept.MAX_BYTES", 10)
    with pytest.raises(OSError, match="too many"):
        kept.keep(sorting_of(4), 1, FILES, CONTENTS)
    assert (tmp_path / "categorize.json").exists()
