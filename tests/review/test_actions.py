import pytest

from imgsort.errors import CorrectionError, InterruptedRunError, LockedError, NothingToUndoError
from imgsort.features.cache.thumbnail_cache import ThumbnailsInMemory
from imgsort.filing.journal.locking.lock import locked
from imgsort.jobs.learn.classify import classify
from imgsort.jobs.listener import Listener, Remembering
from imgsort.jobs.look.pages.how import Studying
from imgsort.jobs.organize.undo import undo
from imgsort.jobs.settings import FilingSettings
from imgsort.jobs.thumbnails import Thumbnails
from imgsort.learning.result.classifier_file import load_classifier
from imgsort.review.actions import apply_sorting, place_in_state, take_back, train_on
from imgsort.review.planned import plan_of
from imgsort.review.proposal import propose
from imgsort.review.sorting.corrections import STAYS
from imgsort.sidecar_names.rules import BUILT_IN
from tests.support.classifiers import KINDS, LEARNED_OF_EACH, files_of, new_photos, put
from tests.support.reviews import groups_of, id_of, photos_in, session_of
from tests.support.trees import make_tree, names, read_tree


class Interrupting(Listener):
    """Presses Ctrl-C when the first batch of files was moved."""

    def progress(self, task, done, total):
        if task == "filing" and done < total:
            raise KeyboardInterrupt


def test_a_run_that_was_interrupted_is_taken_back_from_the_page(tmp_path):
    """The session knows which files moved: their pictures are shown, and taking back restores the tree."""
    (tmp_path / "kept").mkdir()
    photos_in(tmp_path / "in", per_group=100)
    before = read_tree(tmp_path / "in")
    session = session_of(tmp_path / "in", tmp_path / "kept")
    with pytest.raises(InterruptedRunError):
        apply_sorting(session, FilingSettings(), Interrupting())
    assert session.applied is not None and not session.applied.is_whole
    moved = sum("category" in str(place) for place in session.places)
    assert 0 < moved < 300 and session.applied.moves == moved
    assert all(place.exists() for place in session.places)
    take_back(session, Listener())
    assert session.applied is None and read_tree(tmp_path / "in") == before
    assert apply_sorting(session, FilingSettings(), Listener())["moves"] == 300


def test_a_run_that_was_undone_elsewhere_does_not_lock_the_page(tmp_path):
    """After `imgsort undo` in a terminal, taking back says so, and the sorting can be corrected again."""
    (tmp_path / "kept").mkdir()
    photos_in(tmp_path / "in")
    session = session_of(tmp_path / "in", tmp_path / "kept")
    apply_sorting(session, FilingSettings(), Listener())
    undo(tmp_path / "in")
    with pytest.raises(NothingToUndoError):
        take_back(session, Listener())
    assert session.applied is None and all(place.exists() for place in session.places)
    assert apply_sorting(session, FilingSettings(), Listener())["moves"] == 12


def test_the_lock_is_held_only_while_files_move(tmp_path):
    """A review that is open hinders no other command; one that applies is told to wait for it."""
    (tmp_path / "kept").mkdir()
    photos_in(tmp_path / "in")
    session = session_of(tmp_path / "in", tmp_path / "kept")
    with locked([tmp_path / "in"], "categorize"), pytest.raises(LockedError):
        apply_sorting(session, FilingSettings(), Listener())
    assert session.applied is None
    assert apply_sorting(session, FilingSettings(), Listener())["moves"] == 12


def test_applying_on_the_page_does_not_say_what_the_plan_is_for(tmp_path):
    """Whoever looks at the page knows that; `imgsort apply` says it of a file."""
    (tmp_path / "kept").mkdir()
    photos_in(tmp_path / "in")
    hearing = Remembering(None)
    apply_sorting(session_of(tmp_path / "in", tmp_path / "kept"), FilingSettings(), hearing)
    assert hearing.notices == []


def test_sidecars_stay_if_the_command_line_says_so(tmp_path):
    """--no-sidecars and --sidecar hold when the page applies."""
    (tmp_path / "kept").mkdir()
    photos_in(tmp_path / "in", others={"00.xmp": b"<xmp/>", "01_mask.png": b"mask"})
    session = session_of(tmp_path / "in", tmp_path / "kept")
    apply_sorting(session, FilingSettings(sidecars=False), Listener())
    assert "00.xmp" in names(tmp_path / "in")


def test_a_classifier_is_trained_on_the_corrected_groups_and_can_be_reviewed(demo_photos, tmp_path):
    """Only categories are learned, by their corrected names; images that are set aside are not. Nothing is moved.

    A review can then begin with what the classifier says, and plans what classify plans.
    """
    folder = tmp_path / "in"
    (tmp_path / "kept").mkdir()
    kinds = KINDS[:3]
    files = [file for kind in kinds for file in files_of(demo_photos, kind)[:LEARNED_OF_EACH]]
    put(files, folder)
    make_tree(folder, {"holiday/notes.txt": b"mine"})
    session = session_of(folder, tmp_path / "kept")
    first = groups_of(session.state())
    session.correct(1, {"do": "rename", "group": 0, "name": "a/b"})
    session.correct(2, {"do": "rename", "group": 1, "name": "A_b"})
    state = session.state()
    session.correct(3, {"do": "merge", "groups": [id_of(state, "category_3")], "into": id_of(state, STAYS)})
    before = read_tree(folder)
    result = train_on(session, lambda: tmp_path / "learned.keras", Listener())
    assert (tmp_path / "learned.keras").exists() and result["classifier"].endswith("learned.keras")
    assert read_tree(folder) == before and len(first["category_3"]) == LEARNED_OF_EACH
    learned = tmp_path / "learned.keras"
    assert sorted(load_classifier(learned).classifier.classes) == ["A_b (2)", "a_b"]
    new_photos(demo_photos, tmp_path / "new")
    options = {"classifier": learned, "confidence": 0.6}
    classify(tmp_path / "new", plan=tmp_path / "plan.csv", **options)
    proposal = propose("classify", tmp_path / "new", options, Studying(None, Thumbnails(ThumbnailsInMemory())))
    assert {"class", "unsorted", "outliers", "stays"} <= {group.kind for group in proposal.sorting.groups}
    planned = plan_of(proposal, proposal.sorting, BUILT_IN)
    assert planned.csv(proposal.site.output) == (tmp_path / "plan.csv").read_bytes()


def test_a_place_for_a_classifier_is_never_taken(tmp_path):
    """A second training writes another file: neither the classifier nor its report is overwritten."""
    (tmp_path / ".imgsort").mkdir()
    assert place_in_state(tmp_path) == tmp_path / ".imgsort" / "review.keras"
    (tmp_path / ".imgsort" / "review.keras").touch()
    (tmp_path / ".imgsort" / "review (2)_training").mkdir()
    assert place_in_state(tmp_path).name == "review (3).keras"


def test_nothing_is_taken_back_that_was_not_applied(tmp_path):
    """The undo of the page is for what the page applied."""
    (tmp_path / "kept").mkdir()
    photos_in(tmp_path / "in")
    with pytest.raises(CorrectionError):
        take_back(session_of(tmp_path / "in", tmp_path / "kept"), Listener())
