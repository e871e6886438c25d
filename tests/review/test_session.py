import threading

import pytest

from imgsort.errors import CorrectionError, NotNowError
from imgsort.review.session import Applied
from tests.support.reviews import groups_of, id_of, photos_in, session_of


@pytest.fixture
def session(tmp_path):
    (tmp_path / "kept").mkdir()
    photos_in(tmp_path / "in")
    return session_of(tmp_path / "in", tmp_path / "kept")


def test_nothing_is_corrected_while_the_session_is_at_work(session):
    """What is applied is what was seen when it began: corrections and other work wait until it ends."""
    may_end = threading.Event()
    session.start("filing", lambda: {"ended": may_end.wait(30)})
    for do in ("undo", "take_offered"):
        with pytest.raises(NotNowError):
            session.correct(1, {"do": do})
    with pytest.raises(NotNowError):
        session.correct(1, {"do": "rename", "group": 0, "name": "x"})
    with pytest.raises(NotNowError):
        session.start("training", dict)
    may_end.set()
    session.worker.stop(30)
    assert session.worker.now.result == {"ended": True}
    assert session.correct(1, {"do": "rename", "group": 0, "name": "x"})


@pytest.mark.parametrize("do", [[], {}, None, 7, "nothing"])
def test_a_strange_correction_is_refused(session, do):
    """Whatever stands for the kind of correction, the answer is a CorrectionError."""
    with pytest.raises(CorrectionError):
        session.correct(1, {"do": do})


def test_a_change_that_changes_nothing_is_no_step(session):
    """The revision stays, so another tab need not look; there is nothing to undo."""
    assert session.correct(1, {"do": "move", "images": [0], "to": 0})
    held = session.state()
    assert (held["revision"], held["can_undo"]) == (2, True)  # the image is held there from now on
    assert session.correct(2, {"do": "rename", "group": 0, "name": "category_1"})
    assert session.state()["revision"] == 2


def test_corrections_are_kept_at_once_and_forgotten_when_undone_or_applied(session, tmp_path):
    """The file on the disk follows each step."""
    kept = tmp_path / "kept" / "categorize.json"
    session.correct(1, {"do": "rename", "group": 0, "name": "Beach"})
    assert b"Beach" in kept.read_bytes()
    session.correct(2, {"do": "undo"})
    assert not kept.exists()
    session.correct(3, {"do": "redo"})
    assert kept.exists()
    session.set_applied(Applied("run", 1), session.places)
    assert not kept.exists()
    session.set_applied(None, session.places)
    assert kept.exists()


def test_taking_up_is_one_step_that_counts_as_all(session, tmp_path):
    """What was taken up is undone at once, but is told of as many corrections."""
    session.correct(1, {"do": "rename", "group": 0, "name": "Beach"})
    session.correct(2, {"do": "create", "name": "Cats", "images": [1, 2]})
    again = session_of(tmp_path / "in", tmp_path / "kept")
    assert again.state()["offered"]["corrections"] == 2
    again.correct(1, {"do": "take_offered"})
    assert again.corrections == 2 and groups_of(again.state())["Cats"] == [1, 2]
    again.correct(again.revision, {"do": "undo"})
    assert "Beach" not in groups_of(again.state())


def test_an_offer_that_was_taken_up_and_undone_is_offered_again(session, tmp_path):
    """Now, and by the next review; doing it again takes it up again."""
    session.correct(1, {"do": "rename", "group": 0, "name": "Beach"})
    again = session_of(tmp_path / "in", tmp_path / "kept")
    again.correct(1, {"do": "take_offered"})
    assert again.state()["offered"] is None
    again.correct(2, {"do": "undo"})
    assert again.state()["offered"]["corrections"] == 1
    third = session_of(tmp_path / "in", tmp_path / "kept")
    assert third.state()["offered"]["corrections"] == 1
    third.correct(1, {"do": "take_offered"})
    third.correct(2, {"do": "undo"})
    third.correct(3, {"do": "redo"})
    assert third.state()["offered"] is None
    last = session_of(tmp_path / "in", tmp_path / "kept")
    assert last.state()["offered"]["corrections"] == 1
    last.correct(1, {"do": "take_offered"})
    assert last.state()["offered"] is None and "Beach" in groups_of(last.state())


def test_corrections_of_a_run_that_stopped_stay(session, tmp_path):
    """Only a whole run makes them needless."""
    session.correct(1, {"do": "rename", "group": 0, "name": "Beach"})
    session.set_applied(Applied("run", 1, is_whole=False), session.places)
    assert session.corrections == 1
    assert session_of(tmp_path / "in", tmp_path / "kept").state()["offered"]["corrections"] == 1


def test_a_number_of_categories_that_cannot_be_is_not_taken_up(session, tmp_path):
    """The slider shows none; the groups are taken up."""
    session.correct(1, {"do": "rename", "group": 0, "name": "Beach"})
    kept = tmp_path / "kept" / "categorize.json"
    kept.write_bytes(kept.read_bytes().replace(b'"clusters":3', b'"clusters":4000'))
    again = session_of(tmp_path / "in", tmp_path / "kept")
    again.correct(1, {"do": "take_offered"})
    assert again.state()["clusters"] is None and "Beach" in groups_of(again.state())


def test_distances_are_those_in_the_group_where_an_image_is_now(session):
    """The slider measures them anew; what a person moved has none; undo brings back those before."""
    first = session.state()["distances"]
    assert first == [0.1] * 12
    session.correct(1, {"do": "move", "images": [0], "to": 1})
    moved = session.state()["distances"]
    assert moved == [None, *first[1:]]
    session.correct(2, {"do": "regroup", "clusters": 2})
    grouped = session.state()["distances"]
    assert grouped[0] is None and all(0 < value < 2 for value in grouped[1:]) and len(set(grouped)) > 10
    session.correct(3, {"do": "regroup", "clusters": 3})
    assert session.state()["distances"] == moved
    session.correct(4, {"do": "merge", "groups": [0], "into": 1})
    merged = session.state()
    inside = [n for n, group in enumerate(merged["images"]) if group == 1]
    assert [n for n, value in enumerate(merged["distances"]) if value is None] == inside
    for revision in range(5, 8):
        session.correct(revision, {"do": "undo"})
    assert session.state()["distances"] == moved


def test_an_offer_can_be_dropped(session, tmp_path):
    """It is no longer offered, and the sorting stays as it is; but a click loses nothing: the next review offers it."""
    session.correct(1, {"do": "rename", "group": 0, "name": "Beach"})
    again = session_of(tmp_path / "in", tmp_path / "kept")
    again.correct(1, {"do": "drop_offered"})
    assert again.state()["offered"] is None and "Beach" not in groups_of(again.state())
    assert session_of(tmp_path / "in", tmp_path / "kept").state()["offered"]["corrections"] == 1


def test_a_disk_that_keeps_nothing_is_told_of_and_hinders_nobody(session, tmp_path):
    """The correction is made although it cannot be kept."""
    told = []
    session.worker._listener.notice = told.append
    (tmp_path / "kept").rmdir()
    assert session.correct(1, {"do": "rename", "group": 0, "name": "Beach"})
    assert len(told) == 1 and "cannot be kept" in told[0]
    assert session.state()["kept"] is False
    assert id_of(session.state(), "Beach") == 0


def test_an_offer_is_not_deleted_if_the_new_corrections_cannot_be_kept(session, tmp_path):
    """What was taken up is still on the disk, whatever becomes of the file that should include it."""
    session.correct(1, {"do": "rename", "group": 0, "name": "Beach"})
    again = session_of(tmp_path / "in", tmp_path / "kept")
    (tmp_path / "kept" / "categorize.json.tmp").mkdir()
    again.correct(1, {"do": "take_offered"})
    assert again.state()["kept"] is False
    assert session_of(tmp_path / "in", tmp_path / "kept").state()["offered"]["corrections"] == 1
    again.keep()  # the review before has set aside what was in the way
    assert again.state()["kept"] is True


def test_a_plan_and_a_correction_at_the_same_time_wait_for_each_other(session):
    """Many threads correct at once: each correction of the present revision counts once."""
    counts = []

    def correct(name):
        for _ in range(20):
            if session.correct(session.revision, {"do": "create", "name": f"{name} {len(counts)}", "images": []}):
                counts.append(name)
            session.state()

    threads = [threading.Thread(target=correct, args=(name,)) for name in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    names = [group["name"] for group in session.state()["groups"]]
    assert session.corrections == len(counts) == sum(name.split()[0] in ("a", "b", "c", "d") for name in names)
