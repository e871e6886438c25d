"""Tests `categorize` on real photographs, with the model that is always there."""

import os
import shutil
import sys
import time

import pytest
from sklearn.metrics import normalized_mutual_info_score

import imgsort
from imgsort.content import file_content_hash
from imgsort.errors import CollectionError, DownloadError, StrictError, TooFewImagesError, UsageError
from imgsort.grouping.streams import sample
from imgsort.jobs.listener import Listener
from tests.support.trees import make_tree, names, read_tree

LITE = {"model": "efficientnet-lite0"}


class Hearing(Listener):
    def __init__(self):
        self.notices, self.steps = [], []

    def notice(self, text):
        self.notices.append(text)

    def progress(self, task, done, total):
        self.steps.append((task, done, total))


def nmi(folder, labels):
    found = {path.rpartition("/")[2]: path.partition("/")[0] for path in names(folder) if "/" in path}
    assert found.keys() == labels.keys()
    return normalized_mutual_info_score(
        [labels[name] for name in sorted(labels)], [found[name] for name in sorted(labels)]
    )


def test_the_demo_folder_falls_into_its_photographs(photos, demo_photos):
    """Crops of one photograph come together, with an NMI of at least 0.95.

    Every file is placed once, and undo puts every file back.
    """
    before = read_tree(photos)
    result = imgsort.categorize(photos, **LITE)
    assert nmi(photos, demo_photos[1]) >= 0.95
    assert [folder.name for folder in result.folders] == [f"category_{number}" for number in range(1, 9)]
    counts = [folder.count for folder in result.folders]
    assert counts == sorted(counts, reverse=True)
    assert sum(counts) == 100
    contents = sorted(facts[0] for path, facts in before.items() if path.endswith(".jpg"))
    assert sorted(content for path, content in names(photos).items() if path.endswith(".jpg")) == contents
    assert imgsort.categorize(photos, **LITE).status == "nothing to do"
    imgsort.undo(photos)
    assert read_tree(photos) == before


@pytest.mark.parametrize(("name", "clusters"), [("grocery8", 8), ("weather4", 4), ("caltech5", 5)])
def test_every_real_photograph_is_placed_exactly_once(shared_data, tmp_path, name, clusters):
    """The category folders hold the same contents as the labelled folders held, each as often."""
    folder = tmp_path / "images"
    shutil.copytree(shared_data / name, folder, copy_function=shutil.copyfile)
    contents = sorted(file_content_hash(folder / path) for path in read_tree(folder) if (folder / path).is_file())
    result = imgsort.categorize(folder, clusters=clusters, recursive=True, size=64, **LITE)
    placed = sorted(file_content_hash(folder / path) for path in names(folder) if path.startswith("category_"))
    assert placed == contents
    assert sum(count.count for count in result.folders) == len(contents)


def test_names_and_places_do_not_matter(few_photos, tmp_path):
    """The same pictures under other names and in other folders make the same groups."""
    renamed = tmp_path / "renamed"
    for number, file in enumerate(sorted(few_photos.iterdir(), reverse=True)):
        make_tree(renamed, {f"{number % 3}/same name {number // 3}.jpg": file.read_bytes()})
    groups = []
    for folder in (few_photos, renamed):
        result = imgsort.categorize(folder, clusters=4, recursive=True, size=96, **LITE)
        groups.append(sorted(sorted(hash_of(folder, result)[name]) for name in hash_of(folder, result)))
        assert imgsort.categorize(folder, clusters=4, recursive=True, size=96, **LITE).moves == ()
    assert groups[0] == groups[1]


def hash_of(folder, result):
    members = {}
    for path, content in names(folder).items():
        members.setdefault(path.rpartition("/")[0], []).append(content)
    assert set(members) == {count.name for count in result.folders}
    return members


def test_awkward_names_are_sorted_and_come_back(few_photos):
    """Files with awkward names are sorted, and undo puts them back.

    The names have spaces, quotes, a newline, emoji, bytes that are not UTF-8, a leading dash or 255 bytes. Two folders
    have a file with one name.
    """
    odd = ["a b.jpg", "quote'\".jpg", "-dash.jpg", "😀 ü.jpg", "x" * 251 + ".jpg", "dir1/same.jpg", "dir2/same.jpg"]
    odd += [] if sys.platform == "win32" else ["new\nline.jpg"]
    odd += [] if sys.platform in ("win32", "darwin") else ["bad\udcff\udcfe.jpg"]
    files = sorted(few_photos.iterdir())
    for name, file in zip(odd, files, strict=False):
        (few_photos / name).parent.mkdir(exist_ok=True)
        os.rename(file, few_photos / name)
    before = read_tree(few_photos)
    result = imgsort.categorize(few_photos, clusters=2, recursive=True, size=64, **LITE)
    assert {os.path.basename(move.source) for move in result.moves} >= {os.path.basename(name) for name in odd}
    assert len(names(few_photos)) == 12
    imgsort.undo(few_photos)
    assert read_tree(few_photos) == before


def test_a_dry_run_shows_the_plan_and_touches_nothing(few_photos):
    """A dry run makes no folder. It shows the plan that the run then carries out."""
    before = set(os.listdir(few_photos))
    shown = imgsort.categorize(few_photos, clusters=3, size=64, dry_run=True, **LITE)
    assert set(os.listdir(few_photos)) == before
    assert (shown.status, shown.run) == ("planned", None)
    done = imgsort.categorize(few_photos, clusters=3, size=64, **LITE)
    assert done.moves == shown.moves
    assert set(names(few_photos)) == {move.target for move in shown.moves}


@pytest.mark.parametrize("mode", ["copy", "hardlink", "symlink"])
def test_other_modes_leave_the_collection_as_it_is(few_photos, tmp_path, mode):
    """Copies and links appear in the output. The collection does not change and gets no journal."""
    before = read_tree(few_photos), set(os.listdir(few_photos))
    result = imgsort.categorize(few_photos, clusters=3, size=64, output=tmp_path / "out", mode=mode, **LITE)
    assert (read_tree(few_photos), set(os.listdir(few_photos))) == before
    assert len([path for path in read_tree(tmp_path / "out") if path.endswith(".jpg")]) == 12
    assert result.output == (tmp_path / "out").resolve()
    imgsort.undo(tmp_path / "out")
    assert read_tree(tmp_path / "out") == {}


def test_more_categories_need_wider_numbers(few_photos):
    """With ten or more categories, zeros bring their numbers to one width."""
    result = imgsort.categorize(few_photos, clusters=11, size=64, dry_run=True, **LITE)
    assert [folder.name for folder in result.folders][:2] == ["category_01", "category_02"]


def test_identical_images_make_one_category(few_photos):
    """Copies of one picture cannot be told apart. They make one category and a notice, and nothing is lost."""
    files = sorted(few_photos.iterdir())
    for file in files[1:]:
        shutil.copyfile(files[0], file)
    result = imgsort.categorize(few_photos, clusters=3, size=64, **LITE)
    assert [(folder.name, folder.count) for folder in result.folders] == [("category_1", 12)]
    assert any("differ too little" in notice for notice in result.notices)


def test_an_unreadable_image_is_a_row_and_stays(few_photos):
    """A text named .jpg and half a JPEG are reported with a reason and stay. Text files are ignored."""
    whole = sorted(few_photos.iterdir())[0].read_bytes()
    make_tree(few_photos, {"text.jpg": b"hello", "half.jpg": whole[: len(whole) // 2], "notes.txt": b"hello"})
    result = imgsort.categorize(few_photos, clusters=3, size=64, **LITE)
    assert [row.path for row in result.unreadable] == ["half.jpg", "text.jpg"]
    assert all(row.reason for row in result.unreadable)
    assert result.images == 12
    assert {"text.jpg", "half.jpg", "notes.txt"} <= set(names(few_photos))


def test_strict_moves_nothing(few_photos):
    """With `strict`, one unreadable image is an error with exit code 3, and nothing moves."""
    make_tree(few_photos, {"text.jpg": b"hello"})
    before = read_tree(few_photos)
    with pytest.raises(StrictError, match=r"text\.jpg") as caught:
        imgsort.categorize(few_photos, clusters=3, size=64, strict=True, **LITE)
    assert caught.value.exit_code == 3
    assert read_tree(few_photos) == before


def test_too_few_images_for_the_categories(few_photos):
    """The error gives both numbers. Nothing moves, and no trace is left."""
    before = set(os.listdir(few_photos))
    with pytest.raises(TooFewImagesError, match="12 images cannot make 13 categories"):
        imgsort.categorize(few_photos, clusters=13, **LITE)
    assert set(os.listdir(few_photos)) == before


def test_unreadable_images_make_no_category(tmp_path):
    """The error says that 0 images are readable, and names one that is not."""
    make_tree(tmp_path, {"x.jpg": b"no image"})
    with pytest.raises(
        TooFewImagesError, match=r"0 readable images cannot make 1 categories. 1 cannot be read: x\.jpg"
    ):
        imgsort.categorize(tmp_path, clusters=1, size=64, **LITE)


def test_folders_that_will_not_do(tmp_path):
    """A missing folder, an empty one and a file are an error with one clear sentence each."""
    (tmp_path / "file.jpg").write_bytes(b"x")
    (tmp_path / "empty").mkdir()
    for place, words in [("nowhere", "no such folder"), ("file.jpg", "this is a file"), ("empty", "no images")]:
        with pytest.raises(CollectionError, match=words):
            imgsort.categorize(tmp_path / place, **LITE)
    assert os.listdir(tmp_path / "empty") == []


def test_without_a_network_the_default_model_gives_way_and_says_so(few_photos):
    """The fallback is in the notices, in the result and in the run's record."""
    hearing = Hearing()
    result = imgsort.categorize(few_photos, clusters=3, size=64, listener=hearing)
    assert (result.model.name, result.model.fallback) == ("efficientnet-lite0", "vgg16")
    assert "vgg16" in hearing.notices[0]
    assert "--model" in hearing.notices[0]
    assert hearing.steps[-1] == ("filing", 12, 12)
    assert ("reading", 12, 12) in hearing.steps
    assert result.model.sha256 in next((few_photos / ".imgsort/runs").glob("*.jsonl")).read_text()


def test_a_model_that_was_asked_for_does_not_give_way(few_photos):
    """If the chosen model is out of reach, there is an error, and nothing moves."""
    before = read_tree(few_photos)
    with pytest.raises(DownloadError, match="--weights"):
        imgsort.categorize(few_photos, clusters=3, model="vgg16")
    assert read_tree(few_photos) == before


def test_special_names_protect_what_a_person_put_there(few_photos):
    """If a person renames a category to Rejected, later runs leave it out. It keeps its images."""
    imgsort.categorize(few_photos, clusters=3, size=64, **LITE)
    (few_photos / "category_2").rename(few_photos / "Rejected")
    kept = names(few_photos / "Rejected")
    imgsort.categorize(few_photos, clusters=3, size=64, **LITE)
    assert names(few_photos / "Rejected") == kept


def test_equal_sizes_and_equal_names_sort_the_same_again(photos, demo_photos, tmp_path):
    """The second run moves nothing, even if two categories have one size and names collide."""
    by_kind = {}
    for name, photograph in demo_photos[1].items():
        by_kind.setdefault(photograph, []).append((photos / name).read_bytes())
    coffee, china = by_kind["coffee"], by_kind["china"]
    folder = tmp_path / "tie"
    for first, second in ((coffee, china), (china, coffee)):
        tree = {"x/photo.jpg": first[0], "y/photo.jpg": first[1], "photo (3).jpg": second[0], "zz.jpg": second[1]}
        make_tree(folder, tree)
        result = imgsort.categorize(folder, clusters=2, size=96, recursive=True, **LITE)
        assert [count.count for count in result.folders] == [2, 2]
        assert imgsort.categorize(folder, clusters=2, size=96, recursive=True, **LITE).moves == ()
        shutil.rmtree(folder)


@pytest.mark.parametrize(
    "options",
    [
        {"clusters": 0},
        {"variance": 0},
        {"variance": 1.5},
        {"seed": -1},
        {"size": 8},
        {"size": 100_000},
        {"batch_size": 0},
        {"mode": "shred"},
        {"mode": "copy"},
        {"pooling": "sum"},
        {"device": "tpu"},
        {"model": "vgg99"},
        {"precision": "int4"},
    ],
)
def test_options_out_of_range_are_usage_errors(few_photos, options):
    """Each wrong value is a usage error that names the option and the allowed values."""
    with pytest.raises(UsageError):
        imgsort.categorize(few_photos, **options)


def test_a_second_look_reads_no_file(few_photos, tmp_path, monkeypatch):
    """Another number of categories reads no file again.

    This holds where the first run has put the files, and where undo puts them back.
    """
    monkeypatch.setenv("IMGSORT_CACHE_DIR", str(tmp_path / "cache"))
    for file in few_photos.iterdir():
        os.utime(file, ns=(time.time_ns(), time.time_ns() - 60 * 10**9))
    first = imgsort.categorize(few_photos, clusters=3, size=64, **LITE)
    assert not any("cache" in notice for notice in first.notices)
    monkeypatch.setattr("imgsort.features.engine.bytes_of", lambda *_: pytest.fail("a file was read"))
    second = imgsort.categorize(few_photos, clusters=2, size=64, **LITE)
    assert "the features of 12 of 12 images were in the cache." in second.notices
    imgsort.undo(few_photos)
    imgsort.undo(few_photos)
    again = imgsort.categorize(few_photos, clusters=3, size=64, dry_run=True, **LITE)
    assert [(move.source, move.target) for move in again.moves] == [(move.source, move.target) for move in first.moves]


def test_without_a_cache_nothing_is_kept(few_photos, tmp_path, monkeypatch):
    """`cache=False` saves no features and uses none."""
    monkeypatch.setenv("IMGSORT_CACHE_DIR", str(tmp_path / "cache"))
    for _ in range(2):
        result = imgsort.categorize(few_photos, clusters=3, size=64, dry_run=True, cache=False, **LITE)
        assert not any("cache" in notice for notice in result.notices)
    assert not (tmp_path / "cache" / "features.sqlite").exists()


def test_sidecars_go_with_their_images(few_photos):
    """Notes, RAW files and moving halves of Live Photos go with their images. Undo puts them back.

    They do not count as images.
    """
    first, second, *_ = sorted(file.name for file in few_photos.glob("*.jpg"))
    stem = first.removesuffix(".jpg")
    make_tree(few_photos, {f"{first}.xmp": b"<xmp/>", f"{stem}.NEF": b"II*\0raw", f"{stem}.MOV": b"moving"})
    make_tree(few_photos, {second.replace(".jpg", ".json"): b"{}", "readme.txt": b"nobody's"})
    before = read_tree(few_photos)
    result = imgsort.categorize(few_photos, clusters=3, size=64, model="efficientnet-lite0")
    assert (result.images, len(result.moves), result.sidecars) == (12, 16, 4)
    places = {move.source: move.target.rpartition("/")[0] for move in result.moves}
    assert {places[f"{first}.xmp"], places[f"{stem}.NEF"], places[f"{stem}.MOV"]} == {places[first]}
    assert places[second.replace(".jpg", ".json")] == places[second]
    assert (few_photos / "readme.txt").exists()
    assert imgsort.categorize(few_photos, clusters=3, size=64, model="efficientnet-lite0").moves == ()
    imgsort.undo(few_photos)
    assert read_tree(few_photos) == before
    left = imgsort.categorize(few_photos, clusters=3, size=64, model="efficientnet-lite0", sidecars=False)
    assert (len(left.moves), (few_photos / f"{first}.xmp").exists()) == (12, True)


def test_the_number_of_categories_is_found(photos, demo_photos):
    """Crops of eight photographs and four odd pictures make 8 to 12 categories. The candidates are reported."""
    hearing = Hearing()
    result = imgsort.categorize(photos, clusters="auto", listener=hearing, **LITE)
    assert 8 <= len(result.folders) <= 12
    assert [candidate.clusters for candidate in result.candidates] == list(range(2, 16))
    assert any("fits best" in notice for notice in hearing.notices)
    assert nmi(photos, demo_photos[1]) >= 0.95
    assert imgsort.categorize(photos, clusters="auto", **LITE).status == "nothing to do"


def test_high_quality_uses_the_best_model_and_the_graph(photos, demo_photos):
    """Without a model, high quality takes the best one, stretches images, and finds the number by the graph."""
    result = imgsort.categorize(photos, clusters="auto", quality="high")
    assert (result.model.name, result.model.size_px, result.model.fit) == ("efficientnet-lite2", 260, "stretch")
    assert result.model.fallback is None
    assert {candidate.clusters for candidate in result.candidates} == set(range(2, 16))
    assert all(0 <= candidate.mean_conductance <= candidate.conductance <= 1 for candidate in result.candidates)
    assert nmi(photos, demo_photos[1]) >= 0.95


def test_what_is_named_goes_before_what_high_quality_means(photos):
    """The model, size, fit and algorithm that a person names are used in high quality too."""
    options = {**LITE, "quality": "high", "dry_run": True}
    assert imgsort.categorize(photos, **options).model.fit == "stretch"
    result = imgsort.categorize(photos, size=64, fit="letterbox", algorithm="kmeans", clusters="auto", **options)
    assert (result.model.name, result.model.size_px, result.model.fit) == ("efficientnet-lite0", 64, "letterbox")
    assert hasattr(result.candidates[0], "silhouette")


@pytest.mark.parametrize(
    "options", [{"neighbors": 0, "algorithm": "graph"}, {"neighbors": 5}, {"neighbors": 5, "algorithm": "hdbscan"}]
)
def test_neighbors_that_make_no_sense_are_a_usage_error(photos, options):
    """The number of neighbours is at least 1, and only the graph has neighbours."""
    before = read_tree(photos)
    with pytest.raises(UsageError, match=f"neighbors {options['neighbors']}"):
        imgsort.categorize(photos, **LITE, **options)
    assert read_tree(photos) == before


def test_names_and_their_order_do_not_matter_to_the_graph(photos, tmp_path):
    """The same images under other names, in another order, get the same groups; so do two runs in a row."""
    options = {**LITE, "clusters": 7, "algorithm": "graph", "dry_run": True}

    def groups(folder, original=lambda name: name):
        found: dict[str, set[str]] = {}
        for move in imgsort.categorize(folder, **options).moves:
            found.setdefault(move.target.split("/")[0], set()).add(original(move.source))
        return list(found.values())

    first = groups(photos)
    assert groups(photos) == first
    names = sorted(file.name for file in photos.glob("*.jpg"))
    renamed = dict(zip((f"{number}.jpg" for number in range(len(names), 0, -1)), names, strict=True))
    (tmp_path / "others").mkdir()
    for other, name in renamed.items():
        shutil.copy2(photos / name, tmp_path / "others" / other)
    assert sorted(groups(tmp_path / "others", renamed.__getitem__), key=min) == sorted(first, key=min)


def test_the_graph_puts_crops_together_and_everything_else_works_with_it(photos, demo_photos):
    """Categories by the graph can be sorted again without a move, updated, and undone."""
    before = read_tree(photos)
    first = imgsort.categorize(photos, clusters=9, algorithm="graph", neighbors=8, **LITE)
    assert nmi(photos, demo_photos[1]) >= 0.93
    assert all(move.distance is not None for move in first.moves)
    assert imgsort.categorize(photos, clusters=9, algorithm="graph", neighbors=8, **LITE).status == "nothing to do"
    shutil.copy2(photos / first.moves[0].target, photos / "new.jpg")
    (photos / "new.jpg").write_bytes((photos / "new.jpg").read_bytes() + b" ")
    (new,) = imgsort.categorize(photos, update=True, **LITE).moves
    assert new.target.split("/")[0] == first.moves[0].target.split("/")[0]
    imgsort.undo(photos)
    (photos / "new.jpg").unlink()
    imgsort.undo(photos)
    assert read_tree(photos) == before


def test_what_is_in_no_dense_group_goes_to_unsorted(photos, demo_photos):
    """Images without a group of HDBSCAN go to Unsorted. Later runs leave them out, and undo puts them back."""
    before = read_tree(photos)
    result = imgsort.categorize(photos, algorithm="hdbscan", **LITE)
    unsorted = {path.rpartition("/")[2] for path in names(photos) if path.startswith("Unsorted/")}
    odd = {name for name, photograph in demo_photos[1].items() if photograph.startswith("odd")}
    assert {folder.name for folder in result.folders} >= {"category_1", "Unsorted"}
    assert len(odd & unsorted) >= 3
    assert imgsort.categorize(photos, **LITE).images == 100 - len(unsorted)
    imgsort.undo(photos)
    imgsort.undo(photos)
    assert read_tree(photos) == before


def test_joining_makes_as_many_categories_as_asked_for(few_photos):
    """Agglomerative clustering uses the given number or finds one, as K-Means does."""
    options = {"algorithm": "agglomerative", "size": 64, "dry_run": True, **LITE}
    assert len(imgsort.categorize(few_photos, clusters=3, **options).folders) == 3
    assert imgsort.categorize(few_photos, clusters="auto", max_clusters=5, **options).candidates


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"clusters": 0}, "at least 1"),
        ({"clusters": "auto", "min_clusters": 1}, "must be at least 2 and not more than the second"),
        ({"clusters": "auto", "min_clusters": 9, "max_clusters": 4}, "must be at least 2 and not more than the second"),
        ({"algorithm": "nonsense"}, "agglomerative"),
        ({"quality": "nonsense"}, "high"),
        ({"plan": "plan.csv", "dry_run": True}, "do not go together"),
    ],
)
def test_options_for_groups_that_make_no_sense(few_photos, options, words):
    """Each wrong option is a usage error that names the allowed ones."""
    with pytest.raises(UsageError, match=words):
        imgsort.categorize(few_photos, **options)


def test_fewer_images_than_the_least_number_of_categories(few_photos):
    """Three images are too few to judge three or more categories."""
    for file in sorted(few_photos.iterdir())[3:]:
        file.unlink()
    with pytest.raises(TooFewImagesError):
        imgsort.categorize(few_photos, clusters="auto", min_clusters=3, size=64, **LITE)


@pytest.mark.parametrize("algorithm", ["kmeans", "graph"])
def test_more_images_than_are_grouped_at_once(photos, algorithm, monkeypatch):
    """A notice says that a sample was grouped, every image gets a category, and sorting again moves nothing."""
    monkeypatch.setattr(sample, "MOST_AT_ONCE", 60)
    monkeypatch.setattr(sample, "_ROWS_PER_CLUSTER", 1)
    result = imgsort.categorize(photos, clusters=4, algorithm=algorithm, **LITE)
    assert any("images are many: 60 of them" in notice for notice in result.notices)
    assert len(result.moves) == result.images > 60
    assert len(result.folders) == 4
    assert imgsort.categorize(photos, clusters=4, algorithm=algorithm, **LITE).moves == ()
    assert imgsort.categorize(photos, update=True, **LITE).moves == ()


def test_so_many_images_as_are_grouped_at_once_are_no_sample(few_photos):
    """A small folder is grouped as a whole, and no notice says otherwise."""
    result = imgsort.categorize(few_photos, clusters=2, size=64, dry_run=True, **LITE)
    assert not any("images are many" in notice for notice in result.notices)
