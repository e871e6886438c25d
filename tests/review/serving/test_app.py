import io
import os
import sys

import pytest
from PIL import Image

from imgsort.csv_file import read_csv
from imgsort.filing.planning.plan_file import HEADER
from imgsort.jobs.organize.apply import apply
from imgsort.jobs.organize.history import history
from imgsort.temporary import private_folder
from tests.support.pictures import encode, gradient
from tests.support.reviews import client_of, colours, correct, finished, groups_of, id_of, photos_in
from tests.support.trees import make_tree, names, read_tree


@pytest.fixture
def photos(tmp_path):
    """A folder of twelve pictures in three colours, the first of which has a sidecar."""
    (tmp_path / "kept").mkdir()
    photos_in(tmp_path / "in", others={"00.xmp": b"<xmp/>", "notes.txt": b"mine"})
    return tmp_path / "in"


@pytest.fixture
def client(photos, tmp_path):
    return client_of(photos, tmp_path / "kept")


def tree_of(state, tree):
    """Return the tree that a state promises, from the tree before: every image is in the folder of its group."""
    images = sorted(name for name in tree if name.endswith(".png"))
    expected = {name: content for name, content in tree.items() if name not in (*images, "00.xmp")}
    for group, numbers in groups_of(state).items():
        for number in numbers:
            folder = "" if group == "Stays where it is" else f"{group}/"
            expected[f"{folder}{images[number]}"] = tree[images[number]]
            if number == 0 and "00.xmp" in tree:
                expected[f"{folder}00.xmp"] = tree["00.xmp"]
    return expected


def test_the_page_gets_images_groups_pictures_and_state(client):
    """One answer holds all that the page shows at first, and no path of the disk."""
    answer = client.get("/api/page")
    page, state = answer.json()["page"], answer.json()["state"]
    assert page["images"]["names"] == [f"{number:02d}.png" for number in range(12)]
    assert groups_of(state)["category_1"] == [0, 3, 6, 9]
    assert [group["kind"] for group in state["groups"]] == [*["category"] * 3, "unsorted", "outliers", "stays"]
    assert (state["revision"], state["can_undo"], state["offered"], state["applied"]) == (1, False, None, None)
    assert (state["clusters"], state["clusters_range"], state["can_train"]) == (3, [2, 12], True)
    assert len(set(answer.json()["thumbnails"]["of"])) == 12
    assert str(client) not in answer.text and "/tmp" not in answer.text


def test_pictures_are_encoded_again_and_go_by_a_name_that_nobody_guesses(client, photos):
    """A thumbnail is a small WebP, the large picture a JPEG of at most 1600 pixels, without what the file holds."""
    make_tree(photos, {"big.png": encode(gradient(1000, 2000), "PNG")})
    names_of = client.get("/api/page").json()["thumbnails"]["of"]
    thumbnail, large = client.get(names_of[3]), client.get(f"{names_of[3]}/large")
    assert (thumbnail.headers["Content-Type"], large.headers["Content-Type"]) == ("image/webp", "image/jpeg")
    assert Image.open(io.BytesIO(thumbnail.content)).getpixel((30, 20))[0] > 150
    assert Image.open(io.BytesIO(large.content)).size == (60, 40)
    assert all(len(name.removeprefix("/image/")) >= 20 for name in names_of)


def test_a_large_picture_is_scaled_down(tmp_path):
    """The longer side has at most 1600 pixels."""
    (tmp_path / "kept").mkdir()
    make_tree(tmp_path / "in", {f"{n}.jpg": encode(gradient(1000, 2000 + n), "JPEG") for n in range(3)})
    client = client_of(tmp_path / "in", tmp_path / "kept")
    address = client.get("/api/page").json()["thumbnails"]["of"][0]
    assert Image.open(io.BytesIO(client.get(f"{address}/large").content)).size == (1600, 800)


def test_a_picture_that_was_changed_meanwhile_is_not_served(client, photos):
    """Only the images of the plan are shown: other bytes under their name are not."""
    addresses = client.get("/api/page").json()["thumbnails"]["of"]
    (photos / "01.png").write_bytes(encode(gradient(), "PNG"))
    (photos / "02.png").unlink()
    (photos / "02.png").symlink_to(photos / "03.png")
    for number in (1, 2):
        assert client.get(addresses[number]).status_code == 404
        assert client.get(f"{addresses[number]}/large").status_code == 404


def test_a_correction_changes_the_state_and_is_undone(client):
    """Each answer holds the state after it, with the words for the undo button."""
    first = client.get("/api/state").json()
    state = correct(client, do="move", images=[0, 3], to=id_of(first, "category_2"))
    assert groups_of(state)["category_2"] == [0, 1, 3, 4, 7, 10]
    assert (state["revision"], state["last"], state["can_undo"]) == (2, "moving 2 images to category_2", True)
    undone = correct(client, do="undo")
    assert (undone["images"], undone["can_undo"], undone["can_redo"]) == (first["images"], False, True)
    assert correct(client, do="redo")["images"] == state["images"]


def test_a_second_tab_is_told_that_its_state_is_old(client):
    """A correction of an old state changes nothing; the answer holds the present state."""
    state = correct(client, do="rename", group=0, name="Beach")
    answer = client.post("/api/correct", json={"revision": 1, "correction": {"do": "rename", "group": 0, "name": "x"}})
    assert answer.status_code == 409
    assert {key: answer.json()[key] for key in state} == state
    assert client.get("/api/state?since=2").status_code == 204
    assert client.get("/api/state?since=1").json() == state


@pytest.mark.parametrize(
    "correction",
    [
        {"do": "rename", "group": 0, "name": "../x"},
        {"do": "rename", "group": 0, "name": "Category_2"},
        {"do": "move", "images": [12], "to": 0},
        {"do": "move", "images": [0], "to": 99},
        {"do": "regroup", "clusters": 1},
        {"do": "regroup", "clusters": 13},
        {"do": "undo"},
        {"do": "redo"},
        {"do": "take_offered"},
        {"do": "nonsense"},
        {},
        None,
    ],
)
def test_a_wrong_correction_is_refused_with_a_reason(client, correction):
    """The state stays as it is."""
    answer = client.post("/api/correct", json={"revision": 1, "correction": correction})
    assert answer.status_code == 422 and answer.json()["error"]["message"]
    assert client.get("/api/state").json()["revision"] == 1


def test_the_slider_groups_again(client):
    """Another number of categories comes from the features; corrections are kept."""
    state = correct(client, do="rename", group=0, name="Red")
    state = correct(client, do="regroup", clusters=2)
    assert state["clusters"] == 2 and sum(group["kind"] == "category" for group in state["groups"]) == 2
    assert {0, 3, 6, 9} <= set(groups_of(state)["Red"])
    assert groups_of(correct(client, do="regroup", clusters=3))["Red"] == [0, 3, 6, 9]


def test_a_group_is_shown_in_halves_and_an_image_with_those_like_it(client):
    """Both come from the features, and change nothing."""
    state = correct(client, do="merge", groups=[1], into=0)
    halves = client.post("/api/split", json={"group": 0}).json()["halves"]
    assert sorted(map(sorted, halves)) == [[0, 3, 6, 9], [1, 4, 7, 10]]
    alike = client.post("/api/like", json={"image": 2, "most": 3}).json()["images"]
    assert sorted(alike) == [5, 8, 11]
    assert client.get("/api/state").json() == state
    assert client.post("/api/split", json={"group": 99}).status_code == 422
    assert client.post("/api/like", json={"image": 99}).status_code == 422


def test_apply_does_what_the_state_says_and_take_back_undoes_it(client, photos):
    """The tree is what the page showed, sidecars too; after taking back, it is as before, times and modes included."""
    before, tree = read_tree(photos), names(photos)
    state = client.get("/api/state").json()
    correct(client, do="rename", group=0, name="Red/bright")
    correct(client, do="create", name="Beach", images=[1, 2])
    correct(client, do="move", images=[4], to=id_of(state, "Stays where it is"))
    correct(client, do="move", images=[5], to=id_of(state, "Outlayers"))
    state = correct(client, do="move", images=[8], to=id_of(state, "Unsorted"))
    assert client.post("/api/apply", json={}).json() == {"started": True}
    progress = finished(client)
    assert progress["result"]["moves"] == 12 and progress["result"]["refused"] == []
    assert names(photos) == tree_of(state, tree)
    applied = client.get("/api/state").json()
    assert applied["applied"] == {"run": progress["result"]["run"], "moves": 12}
    assert history(photos).runs[-1].command == "apply"
    address = client.get("/api/page").json()["thumbnails"]["of"][0]
    assert client.get(address).status_code == client.get(f"{address}/large").status_code == 200
    client.post("/api/take_back", json={})
    assert finished(client)["result"]["moves"] == 12
    assert read_tree(photos) == before
    again = client.get("/api/state").json()
    assert (again["applied"], again["images"], again["can_undo"]) == (None, state["images"], True)
    assert client.get(address).status_code == 200


def test_what_is_applied_is_not_corrected(client):
    """Corrections wait until the plan is taken back; so does a second apply."""
    client.post("/api/apply", json={})
    finished(client)
    state = client.get("/api/state").json()
    record = {"revision": state["revision"], "correction": {"do": "rename", "group": 0, "name": "x"}}
    answer = client.post("/api/correct", json=record)
    assert answer.status_code == 409 and answer.json()["images"] == state["images"] and answer.json()["error"]
    assert client.post("/api/apply", json={}).status_code == 422
    assert client.get("/api/plan.csv").status_code == 422


def test_nothing_is_taken_back_before_anything_is_applied(client):
    """Undo on the page is for the run of the page: no other run is touched."""
    assert client.post("/api/take_back", json={}).status_code == 422


def test_a_file_that_changed_meanwhile_is_named_and_nothing_moves(client, photos):
    """The plan is checked against the disk, as `imgsort apply` checks it."""
    (photos / "01.png").write_bytes(encode(gradient(), "PNG"))
    (photos / "02.png").unlink()
    tree = names(photos)
    client.post("/api/apply", json={})
    progress = finished(client)
    assert progress["state"] == "failed" and progress["error"]["type"] == "PlanError"
    assert "'01.png' was changed" in progress["error"]["message"] and "'02.png'" in progress["error"]["message"]
    assert "line" not in progress["error"]["message"] and "plan.csv" not in progress["error"]["message"]
    assert names(photos) == tree
    assert client.get("/api/state").json()["applied"] is None


def test_the_saved_plan_is_what_imgsort_apply_takes(client, photos, tmp_path):
    """The table holds the corrections; `apply` makes the same tree of it."""
    tree = names(photos)
    state = correct(client, do="create", name="=Beach; \u00fc", images=[1, 2])
    answer = client.get("/api/plan.csv")
    assert answer.headers["Content-Type"].startswith("text/csv")
    plan = tmp_path / "plan.csv"
    plan.write_bytes(answer.content)
    assert len(read_csv(plan, HEADER)) == 12
    apply(plan)
    assert names(photos) == tree_of(state, tree)


def test_no_saved_plan_lies_about_afterwards(client):
    """Neither the file nor its folder is left in the temporary folder, after saving and applying."""
    before = sorted(private_folder().iterdir())
    assert client.get("/api/plan.csv").status_code == 200
    client.post("/api/apply", json={})
    assert finished(client)["state"] == "done"
    assert sorted(private_folder().iterdir()) == before


def test_a_group_with_the_name_of_a_persons_folder_is_that_folder(client, photos):
    """A name that a person gives is taken as it is: an existing folder is used, and no file in it is overwritten."""
    make_tree(photos, {"Beach/01.png": b"mine", "category_1/other.txt": b"not a category"})
    correct(client, do="rename", group=1, name="Beach")
    client.post("/api/apply", json={})
    assert finished(client)["state"] == "done"
    tree = names(photos)
    assert tree["Beach/01.png"] == b"mine" and {"Beach/01 (2).png", "Beach/04.png"} <= set(tree)
    assert "category_1 (2)/00.png" in tree  # nobody gave that name, so the folder is left alone, as categorize does


def test_a_name_that_is_a_file_on_the_disk_is_told_at_once(client, photos):
    """Apply answers with the reason, and nothing moves."""
    tree = names(photos)
    correct(client, do="rename", group=1, name="notes.txt")
    answer = client.post("/api/apply", json={})
    assert answer.status_code == 422 and "notes.txt" in answer.json()["error"]["message"]
    assert names(photos) == tree


def test_images_in_their_folders_already_do_not_move(client):
    """If every image stays, there is no plan, and the answer says so."""
    state = client.get("/api/state").json()
    correct(client, do="merge", groups=[0, 1, 2], into=id_of(state, "Stays where it is"))
    assert client.get("/api/plan.csv").status_code == 422
    assert client.post("/api/apply", json={}).status_code == 422


@pytest.mark.parametrize("mode", ["copy", "hardlink", "symlink"])
def test_copies_and_links_leave_the_collection_alone(photos, tmp_path, mode):
    """The folders appear in the output; taking back removes them."""
    tree = names(photos)
    client = client_of(photos, tmp_path / "kept", output=tmp_path / "out", mode=mode)
    correct(client, do="rename", group=0, name="Red")
    client.post("/api/apply", json={})
    assert finished(client)["state"] == "done"
    assert names(photos) == tree
    assert {"Red", "category_2", "category_3"} <= set(os.listdir(tmp_path / "out"))
    assert len(list((tmp_path / "out" / "Red").iterdir())) == 5
    client.post("/api/take_back", json={})
    assert finished(client)["state"] == "done"
    assert names(photos) == tree and not (tmp_path / "out" / "Red").exists()


def test_moves_to_an_output_outside_are_taken_back(photos, tmp_path):
    """The pictures are still shown after the files went elsewhere."""
    before = read_tree(photos)
    client = client_of(photos, tmp_path / "kept", output=tmp_path / "out")
    client.post("/api/apply", json={})
    assert finished(client)["state"] == "done"
    assert "category_1/00.png" in names(tmp_path / "out")
    address = client.get("/api/page").json()["thumbnails"]["of"][0]
    assert client.get(f"{address}/large").status_code == 200
    client.post("/api/take_back", json={})
    assert finished(client)["state"] == "done"
    assert read_tree(photos) == before


HOSTILE = ["<img src=x onerror=alert(1)>.png", "'\"&<>.png", "\u202egnp.exe.png", "a\nb.png", "=1+1.png", "%41.png"]


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="needs a file system that takes any bytes")
def test_hostile_names_are_data_all_the_way(tmp_path):
    """Any name that a file can have is shown as text, is corrected, applied, kept and taken back."""
    (tmp_path / "kept").mkdir()
    tree = [*colours(1, len(HOSTILE) + 1).values()]
    make_tree(tmp_path / "in", dict(zip([*HOSTILE, os.fsdecode(b"caf\xe9.png")], tree, strict=True)))
    before = read_tree(tmp_path / "in")
    client = client_of(tmp_path / "in", tmp_path / "kept", groups=2)
    answer = client.get("/api/page")
    assert answer.headers["Content-Type"] == "application/json" and answer.content.isascii()
    shown = answer.json()["page"]["images"]["names"]
    assert set(shown) == {*HOSTILE, "caf\\xe9.png"}
    state = correct(client, do="rename", group=0, name="<script>alert(1)</script>".replace("/", "\u2215"))
    assert state["groups"][0]["name"].startswith("<script>")
    client.post("/api/apply", json={})
    assert finished(client)["result"]["moves"] == len(tree)
    client.post("/api/take_back", json={})
    assert finished(client)["state"] == "done"
    assert read_tree(tmp_path / "in") == before


def test_the_map_and_the_silhouettes_come_from_the_features(client):
    """Each image has a place. Each group is judged as it is: of the proposal, after a correction, and of the slider."""
    assert client.get("/api/page").json()["page"]["can_compare"] is True
    places = client.get("/api/map").json()["places"]
    assert len(places) == 12 and all(0 <= value <= 1 for place in places for value in place)
    state = client.get("/api/state").json()
    judged = {group["name"]: group["silhouette"] for group in state["groups"]}
    assert all(judged[f"category_{number}"] > 0.5 for number in (1, 2, 3)) and judged["Unsorted"] is None
    moved = correct(client, do="move", images=[0], to=1)
    changed = {group["name"]: group["silhouette"] for group in moved["groups"]}
    assert 0 < changed["category_2"] < judged["category_2"] and changed["category_3"] is not None
    assert all(group["silhouette"] is not None for group in correct(client, do="regroup", clusters=2)["groups"][:2])


def test_without_features_nothing_is_compared(photos, tmp_path):
    """Of a check there is no map, no slider and no likeness: the page is told so."""
    client = client_of(photos, tmp_path / "kept", command="check", with_features=False)
    assert client.get("/api/page").json()["page"]["can_compare"] is False
    assert client.get("/api/map").status_code == 409
    assert client.post("/api/like", json={"image": 0}).status_code == 409
    assert client.post("/api/split", json={"group": 0}).status_code == 409
    assert client.get("/api/state").json()["clusters_range"] is None
    record = {"revision": 1, "correction": {"do": "regroup", "clusters": 2}}
    assert client.post("/api/correct", json=record).status_code == 422
