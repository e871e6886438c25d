"""Tests one batch of everything in an inbox, as a review of `watch` shows it."""

import pytest

import imgsort
from imgsort.errors import CollectionError
from imgsort.features.cache.thumbnail_cache import ThumbnailsInMemory
from imgsort.jobs.listener import Listener
from imgsort.jobs.look.pages.how import Studying
from imgsort.jobs.organize.categorize import categorize
from imgsort.jobs.thumbnails import Thumbnails
from imgsort.jobs.watch.one_batch import file_one_batch
from imgsort.review.first_page import page_of
from imgsort.review.looks import Looks
from imgsort.review.planned import plan_of
from imgsort.review.proposal import propose
from imgsort.sidecar_names.rules import BUILT_IN
from tests.support.classifiers import KINDS, LEARNED_OF_EACH, files_of, put
from tests.support.trees import make_tree, names, read_tree


def proposed(folder, **options):
    return propose("watch", folder, options, Studying(None, Thumbnails(ThumbnailsInMemory())))


def test_everything_at_the_top_of_an_inbox_is_one_batch(trained, inbox, tmp_path):
    """Images in subfolders, and those that a rule leaves out, stay. Undo takes the run back."""
    folder, kinds = inbox
    left, *rest = sorted(kinds)
    (folder / "sub").mkdir()
    (folder / rest[0]).rename(folder / "sub" / rest[0])
    before = read_tree(folder)
    options = {"classifier": trained.classifier, "output": tmp_path / "out", "exclude": [left]}
    result = file_one_batch(folder, **options)
    assert (result.command, result.images) == ("watch", len(kinds) - 2)
    assert set(names(folder)) == {left, f"sub/{rest[0]}"}
    imgsort.undo(folder)
    assert read_tree(folder) == before
    with pytest.raises(CollectionError, match="no such folder"):
        file_one_batch(tmp_path / "gone", **options)


def test_a_review_by_class_plans_what_the_batch_would_do(trained, inbox, tmp_path):
    """The groups are classes, each image has the confidence of the classifier, and the inbox is not touched."""
    folder, kinds = inbox
    make_tree(folder, {"broken.jpg": b"\xff\xd8\xff\xe0 nothing"})
    before = read_tree(folder)
    options = {"classifier": trained.classifier, "output": tmp_path / "out", "confidence": 0.5}
    proposal = proposed(folder, **options)
    told = file_one_batch(folder, dry_run=True, **options)
    assert read_tree(folder) == before
    planned = plan_of(proposal, proposal.sorting, BUILT_IN).plan
    assert {move.source: move.target for move in planned.moves} == {move.source: move.target for move in told.moves}
    assert len(planned.moves) == len(kinds)
    page = page_of(Looks(proposal, Listener(), has_cache=False))
    assert (page.command, {group.kind for group in page.groups} >= {"class"}) == ("watch", True)
    assert "category" not in {group.kind for group in page.groups}
    assert all(0.1 < confidence <= 1 for confidence in page.images.confidences)


def test_a_review_into_categories_plans_what_the_batch_would_do(inbox, demo_photos, tmp_path):
    """Also where the inbox is the collection: what lies in the categories is not in the proposal."""
    collection = put(
        [file for kind in KINDS[:3] for file in files_of(demo_photos, kind)[:LEARNED_OF_EACH]], tmp_path / "collection"
    )
    categorize(collection, clusters=3, model="efficientnet-lite0", size=64)
    new = [file for kind in KINDS[:3] for file in files_of(demo_photos, kind)[LEARNED_OF_EACH:]]
    put(new, collection)
    for folder, images in ((inbox[0], inbox[1]), (collection, {file.name for file in new})):
        proposal = proposed(folder, output=collection)
        told = file_one_batch(folder, output=collection, dry_run=True)
        planned = plan_of(proposal, proposal.sorting, BUILT_IN).plan
        assert {file.path for file in proposal.files} == set(images)
        assert {move.source: move.target for move in planned.moves} == {m.source: m.target for m in told.moves}
        assert "category" in {group.kind for group in proposal.sorting.groups}


def test_an_inbox_without_images_has_nothing_to_review(trained, tmp_path):
    """It is an error that names the inbox, as for every command."""
    make_tree(tmp_path / "inbox", {"notes.txt": b"text"})
    with pytest.raises(CollectionError, match="inbox"):
        proposed(tmp_path / "inbox", classifier=trained.classifier, output=tmp_path / "out")
