"""Commands that judge images read them from an object store, and make a plan that is the same as for a folder."""

import csv
import json
import shutil
import time

import pytest

from imgsort.errors import CollectionError, UsageError
from imgsort.jobs.organize.categorize import categorize
from imgsort.jobs.organize.outliers import find_outliers
from imgsort.jobs.scale.embed import embed
from tests.support.stores import command, under


@pytest.fixture
def uploaded(bucket, few_photos):
    """A bucket with twelve photographs, a sidecar, a damaged image, and what is no image."""
    photos = {path.name: path.read_bytes() for path in few_photos.iterdir()}
    first = min(photos)
    bucket.put({f"in/{name}": content for name, content in photos.items()})
    bucket.put(
        {
            f"in/{first}.xmp": b"about it",
            "in/broken.jpg": b"\xff\xd8\xff nonsense",
            "in/": b"",
            "in/sub/": b"",
            "in/notes.txt": b"no image",
            "in/.hidden.jpg": b"hidden",
            "in/a//b.jpg": b"unsafe",
            "in/Outlayers/old.jpg": b"filed",
        }
    )
    return bucket


def test_categories_are_those_of_the_folder(uploaded, few_photos, tmp_path):
    """The images fall into the same categories as in a folder; apply copies them, and undo takes it back."""
    before = uploaded.tree()
    (few_photos / "broken.jpg").write_bytes(b"\xff\xd8\xff nonsense")
    options = {"clusters": 3, "model": "efficientnet-lite0", "output": tmp_path / "out", "dry_run": True}
    local = categorize(few_photos, **options)
    arguments = ("--clusters", 3, "--model", "efficientnet-lite0", "--output", uploaded.address("out"))
    planned = command("categorize", uploaded.address("in"), *arguments, "--plan", tmp_path / "plan.csv")
    assert uploaded.tree() == before
    targets = {move["source"]: move["target"] for move in planned["moves"] if "follows" not in move}
    assert targets == {move.source: move.target for move in local.moves}
    assert [row["path"] for row in planned["unreadable"]] == ["broken.jpg"]
    assert planned["collection"] == uploaded.address("in/") and planned["counts"]["sidecars"] == 1
    applied = command("apply", tmp_path / "plan.csv")
    assert applied["counts"]["moves"] == 13
    tree = uploaded.tree()
    assert under(tree, "out/") == {move["target"]: tree["in/" + move["source"]] for move in planned["moves"]}
    assert command("undo", uploaded.address("out"))["counts"]["restored"] == 13
    assert uploaded.tree() == before


def test_recursive_lists_what_cannot_be_addressed(uploaded, tmp_path):
    """With --recursive, a key with an empty part is a row with its reason; hidden and filed objects do not count."""
    options = ("--model", "efficientnet-lite0", "--recursive", "--output", uploaded.address("out"))
    planned = command("outliers", uploaded.address("in"), *options, "--dry-run")
    reasons = {row["path"]: row["reason"] for row in planned["unreadable"]}
    assert "empty part" in reasons["a//b.jpg"] and set(reasons) == {"a//b.jpg", "broken.jpg"}
    assert planned["counts"]["images"] == 12


def test_without_a_plan_nothing_is_copied(uploaded, tmp_path):
    """Objects are never moved: without --plan, the plan is only shown, and a notice says so."""
    before = uploaded.tree()
    result = command("outliers", uploaded.address("in"), "--model", "efficientnet-lite0")
    assert result["status"] == "planned" and any("not moved" in text for text in result["notices"])
    assert uploaded.tree() == before


def test_parquet_plan(uploaded, tmp_path):
    """A plan may be Parquet, and is applied from it; pandas would read the same cells as in CSV."""
    pytest.importorskip("pyarrow")
    for name in ("plan.csv", "plan.parquet"):
        command("outliers", uploaded.address("in"), "--model", "efficientnet-lite0", "--plan", tmp_path / name)
    from pyarrow import parquet

    table = parquet.read_table(tmp_path / "plan.parquet").to_pylist()
    rows = list(csv.DictReader((tmp_path / "plan.csv").read_text(encoding="utf-8-sig").splitlines()))
    assert [row["target"] for row in table] == [row["target"] for row in rows] and table[0]["mark"]
    applied = command("apply", tmp_path / "plan.parquet")
    assert applied["counts"]["moves"] == len(table)
    assert set(under(uploaded.tree(), "in/Outlayers/")) == {"old.jpg", *(row["file"] for row in table)}


@pytest.mark.parametrize(
    "options",
    [
        {"mode": "symlink", "output": "s3://b-b-b/x"},
        {"output": "/somewhere"},
        {"output": "gs://bucket/x"},
        {"recursive": True},
    ],
)
def test_options_that_do_not_fit(bucket, options):
    """Links, another kind of place, and copies below what --recursive lists are refused."""
    with pytest.raises(UsageError):
        find_outliers(bucket.address("in"), dry_run=True, **options)


def test_credentials_in_an_address_reach_no_output(uploaded, tmp_path):
    """An address may hold credentials. The plan, the JSON and the notices do not."""
    signed = uploaded.address("in").replace("s3://", "s3://OTHERKEY:OTHERHUSH@")
    result = command("outliers", signed, "--model", "efficientnet-lite0", "--plan", tmp_path / "plan.csv")
    told = json.dumps(result) + (tmp_path / "plan.csv").read_text()
    assert "OTHER" not in told and uploaded.address("in/") in told


def test_classify(bucket, demo_photos, small, tmp_path):
    """`classify` plans a copy of each image of a store to the prefix of its class, as it would for a folder."""
    folder = tmp_path / "inbox"
    folder.mkdir()
    for file in sorted(demo_photos[0].glob("*.jpg"))[:4]:
        shutil.copy2(file, folder)
    bucket.put({f"in/{file.name}": file.read_bytes() for file in folder.iterdir()})
    classifier = ("--classifier", small.classifier, "--confidence", "0")
    local = command("classify", folder, *classifier, "--dry-run")
    output = ("--output", bucket.address("out"), "--plan", tmp_path / "plan.csv")
    planned = command("classify", bucket.address("in"), *classifier, *output)
    assert planned["predictions"] == local["predictions"] and len(planned["predictions"]) == 4
    targets = {move["source"]: move["target"] for move in planned["moves"]}
    assert targets == {move["source"]: move["target"] for move in local["moves"]}
    assert command("apply", tmp_path / "plan.csv")["counts"]["moves"] == 4
    assert set(under(bucket.tree(), "out/")) == set(targets.values())


def test_no_report(bucket, tmp_path):
    """A report needs the images on this machine, and says so."""
    error = command("outliers", bucket.address("in"), "--report", tmp_path / "r.html", code=2)["error"]
    assert "--report" in error["message"]


def test_a_file_address_is_a_folder(few_photos):
    """`file://` names a folder of this machine."""
    result = command("outliers", f"file://{few_photos}", "--model", "efficientnet-lite0", "--dry-run")
    assert result["collection"] == str(few_photos)


def test_embed_reads_a_store(uploaded, tmp_path, own_folder):
    """`embed` makes a dataset of the objects, a second time reads none of them, and `--features` takes it."""
    pytest.importorskip("pyarrow")
    signed = uploaded.address("in").replace("s3://", "s3://OTHERKEY:OTHERHUSH@")
    arguments = ("--output", tmp_path / "features", "--model", "efficientnet-lite0")
    time.sleep(3)  # what was written just now may change within a tick of the clock, and would be read again
    first = command("embed", signed, *arguments)
    assert first["source"] == uploaded.address("in/") and first["counts"]["images"] == 12
    uploaded.behaviour.seen.clear()
    again = command("embed", uploaded.address("in"), *arguments)
    assert (again["counts"]["there"], again["counts"]["made"]) == (12, 0)
    assert not [path for _, path in uploaded.behaviour.seen if path.endswith("jpg") and "broken" not in path]
    planned = command("outliers", uploaded.address("in"), "--features", tmp_path / "features", "--dry-run")
    assert planned["counts"]["images"] == 12
    written = b"".join(path.read_bytes() for path in (tmp_path / "features").iterdir())
    assert "OTHER" not in json.dumps(first) and b"OTHER" not in written


@pytest.mark.parametrize("recursive", [False, True])
def test_a_prefix_without_images_may_be_mistyped(bucket, tmp_path, recursive):
    """Every command says to check the prefix, and names --recursive only where it was not given."""
    bucket.put({"in/a.jpg": b"x"})
    hint = r"there are no images here\. Check the prefix" + (r"\." if recursive else ", or add --recursive")
    with pytest.raises(CollectionError, match=hint):
        categorize(bucket.address("im"), recursive=recursive, output=bucket.address("out"))
    with pytest.raises(CollectionError, match=hint):
        embed(bucket.address("im"), recursive=recursive, output=tmp_path / "features")
