import os
import sys
from pathlib import Path

import pytest

from imgsort.errors import CollectionError
from imgsort.images.finding.find import ImageFile, find_images, require_folder
from imgsort.images.finding.sidecars import Sidecar
from imgsort.sidecar_names.rules import SidecarRules
from tests.support.trees import make_tree

JPEG = b"\xff\xd8\xff\xe0 and so on"
PNG = b"\x89PNG\r\n\x1a\n and so on"
TEXT = b"not a picture at all"

posix = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pipes in folders and links need a privilege")
linux = pytest.mark.skipif(sys.platform != "linux", reason="other systems refuse names that are not UTF-8")
not_root = pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root, and Windows, may open everything"
)


def listed(root: Path, **options: object) -> list[str]:
    return [file.path for file in find_images(root, **options).files]


def test_lists_the_images_directly_in_the_folder(tmp_path):
    """Without options, only the folder itself is searched."""
    make_tree(tmp_path, {"a.jpg": JPEG, "b.png": PNG, "sub/c.jpg": JPEG, "category_1/d.jpg": JPEG})
    assert listed(tmp_path) == ["a.jpg", "b.png"]


def test_a_row_says_path_size_and_time(tmp_path):
    """A row holds the path, size and time of the file on disk."""
    make_tree(tmp_path, {"sub/a.jpg": JPEG})
    status = (tmp_path / "sub/a.jpg").stat()
    (file,) = find_images(tmp_path, inside=["sub"]).files
    assert file == ImageFile("sub/a.jpg", len(JPEG), status.st_mtime_ns)
    assert (file.name, status.st_size) == ("a.jpg", len(JPEG))


@pytest.mark.parametrize("name", ["photo", "photo.dat", "photo.jpg.bak", "photo.txt", "IMG_0001.tmp"])
def test_an_image_is_known_by_content(tmp_path, name):
    """An image is found by its content, whatever its name ends with."""
    make_tree(tmp_path, {name: PNG})
    assert listed(tmp_path) == [name]


@pytest.mark.parametrize("name", ["notes.txt", "notes", "Thumbs.db", "drawing.ps", "film.mp4"])
def test_other_files_are_ignored(tmp_path, name):
    """A file that is not an image, and does not claim to be one, is neither listed nor reported."""
    make_tree(tmp_path, {name: TEXT, "empty.txt": b""})
    listing = find_images(tmp_path)
    assert (listing.files, listing.unreadable) == ((), ())


@pytest.mark.parametrize("name", ["a.jpg", "a.JPG", "a.jpeg", "a.png", "a.webp", "a.heic", "a.TIF", "a.avif", "a.bmp"])
def test_a_file_that_claims_to_be_an_image_is_listed(tmp_path, name):
    """A text with the name of an image is listed, so that the reader can say what is wrong with it."""
    make_tree(tmp_path, {name: TEXT, f"empty_{name}": b""})
    assert listed(tmp_path) == [name, f"empty_{name}"]


def test_hidden_files_never_count(tmp_path):
    """Files whose names begin with a dot (AppleDouble files too) and files in hidden folders give no row."""
    make_tree(
        tmp_path,
        {".a.jpg": JPEG, "._b.jpg": b"\x00\x05\x16\x07", "b.jpg": JPEG, ".imgsort/c.jpg": JPEG, "sub/.d/e.jpg": JPEG},
    )
    assert listed(tmp_path, recursive=True) == ["b.jpg"]


def test_a_folder_named_like_an_image_is_a_folder(tmp_path):
    """A folder `x.jpg` gives no row, but images in it are found as in any folder."""
    make_tree(tmp_path, {"x.jpg/inner.jpg": JPEG, "y.jpg": None})
    assert listed(tmp_path) == []
    assert listed(tmp_path, recursive=True) == ["x.jpg/inner.jpg"]


@posix
def test_links_never_count(tmp_path):
    """Links give no row: links to images, to nothing, to themselves, to folders and to their own folder."""
    make_tree(tmp_path, {"real/a.jpg": JPEG, "collection/b.jpg": JPEG})
    collection = tmp_path / "collection"
    (collection / "link.jpg").symlink_to(collection / "b.jpg")
    (collection / "dangling.jpg").symlink_to("nowhere.jpg")
    (collection / "itself.jpg").symlink_to("itself.jpg")
    (collection / "folder").symlink_to(tmp_path / "real")
    (collection / "loop").symlink_to(".")
    listing = find_images(collection, recursive=True)
    assert ([file.path for file in listing.files], listing.unreadable) == (["b.jpg"], ())


@posix
def test_a_pipe_is_not_waited_for(tmp_path):
    """A pipe gives no row and blocks nothing, with or without the name of an image."""
    os.mkfifo(tmp_path / "pipe.jpg")
    os.mkfifo(tmp_path / "pipe")
    assert listed(tmp_path) == []


def test_folders_inside_are_looked_into(tmp_path):
    """The folders in `inside` are searched, but their subfolders are not."""
    make_tree(tmp_path, {"a.jpg": JPEG, "one/b.jpg": JPEG, "one/deep/c.jpg": JPEG, "two/d.jpg": JPEG})
    assert listed(tmp_path, inside=["one"]) == ["a.jpg", "one/b.jpg"]
    assert listed(tmp_path, inside=["one/deep", "two"]) == ["a.jpg", "one/deep/c.jpg", "two/d.jpg"]


def test_recursive_takes_all_subfolders_once(tmp_path):
    """Every subfolder is searched once, even if it is in `inside` too."""
    make_tree(tmp_path, {"a.jpg": JPEG, "one/b.jpg": JPEG, "one/deep/er/c.jpg": JPEG, "empty": None})
    everything = ["a.jpg", "one/b.jpg", "one/deep/er/c.jpg"]
    assert listed(tmp_path, recursive=True) == everything
    assert listed(tmp_path, inside=["one", "one/deep/er"], recursive=True) == everything


def test_folders_left_out_stay_out(tmp_path):
    """With `recursive`, exactly the paths in `left_out` are skipped.

    A folder of the same name further down is searched.
    """
    make_tree(tmp_path, {"Outlayers/a.jpg": JPEG, "Outlayers/x/b.jpg": JPEG, "sub/Outlayers/c.jpg": JPEG})
    assert listed(tmp_path, left_out=["Outlayers"], recursive=True) == ["sub/Outlayers/c.jpg"]


def test_rows_are_ordered_by_name_then_path(tmp_path):
    """Rows are ordered by file name, and files of the same name by path.

    So the order stays the same when a folder is sorted into categories.
    """
    make_tree(tmp_path, {"z/a.jpg": JPEG, "b.jpg": JPEG, "m/a.jpg": JPEG, "a.jpg": JPEG, "A.jpg/c.jpg": JPEG})
    assert listed(tmp_path, recursive=True) == ["a.jpg", "m/a.jpg", "z/a.jpg", "b.jpg", "A.jpg/c.jpg"]


@pytest.mark.parametrize(
    "name",
    [
        "with space.jpg",
        "-dash.jpg",
        "emoji_😀.jpg",
        "x" * 250 + ".jpg",
        pytest.param("new\nline'and\".jpg", marks=posix),
        pytest.param(os.fsdecode(b"not_utf8_\xff\xfe.jpg"), marks=linux),
    ],
)
def test_strange_names_are_listed(tmp_path, name):
    """Any name that the file system allows is listed unchanged."""
    make_tree(tmp_path, {name: JPEG})
    assert listed(tmp_path) == [name]


def test_a_file_that_goes_away_meanwhile_is_no_row(tmp_path, monkeypatch):
    """A file that is removed while its folder is listed gives no row and no error."""
    make_tree(tmp_path, {"a.jpg": JPEG, "b.jpg": JPEG})
    scandir = os.scandir

    def scan_and_remove(folder: Path) -> list[os.DirEntry]:
        entries = list(scandir(folder))
        (tmp_path / "a.jpg").unlink()
        return entries

    monkeypatch.setattr("imgsort.images.finding.entries.os.scandir", scan_and_remove)
    assert listed(tmp_path) == ["b.jpg"]


def test_a_missing_folder_inside_is_a_row(tmp_path):
    """A folder that is gone is reported with the reason."""
    make_tree(tmp_path, {"a.jpg": JPEG})
    listing = find_images(tmp_path, inside=["category_1"])
    assert [file.path for file in listing.files] == ["a.jpg"]
    (row,) = listing.unreadable
    assert row.path == "category_1"
    assert row.reason.startswith("folder cannot be listed: ")


@not_root
def test_a_folder_that_may_not_be_listed_is_a_row(tmp_path):
    """A subfolder without permission is reported with the reason, and the rest is listed."""
    make_tree(tmp_path, {"a.jpg": JPEG, "closed/b.jpg": JPEG})
    (tmp_path / "closed").chmod(0)
    try:
        listing = find_images(tmp_path, recursive=True)
    finally:
        (tmp_path / "closed").chmod(0o700)
    assert [file.path for file in listing.files] == ["a.jpg"]
    assert [row.path for row in listing.unreadable] == ["closed"]
    assert "ermission denied" in listing.unreadable[0].reason


@not_root
def test_a_folder_that_may_only_be_listed_is_a_row(tmp_path):
    """A subfolder that may be listed but not entered is reported, and the rest is listed."""
    make_tree(tmp_path, {"a.jpg": JPEG, "half/b.jpg": JPEG})
    (tmp_path / "half").chmod(0o444)
    try:
        listing = find_images(tmp_path, recursive=True)
    finally:
        (tmp_path / "half").chmod(0o700)
    assert [file.path for file in listing.files] == ["a.jpg"]
    assert listing.unreadable[0].path.startswith("half")


@not_root
def test_a_file_that_may_not_be_opened_counts_by_its_name(tmp_path):
    """If a file may not be opened, its suffix alone decides."""
    make_tree(tmp_path, {"a.jpg": JPEG, "noname": JPEG})
    for name in ("a.jpg", "noname"):
        (tmp_path / name).chmod(0)
    assert listed(tmp_path) == ["a.jpg"]


def test_a_missing_collection_is_an_error(tmp_path):
    """The error for a missing folder names the folder and says what to do."""
    with pytest.raises(CollectionError, match=r"nowhere: there is no such folder\. Give the folder"):
        require_folder(tmp_path / "nowhere")


def test_an_address_with_one_slash_is_told_how_addresses_begin():
    """`s3:/bucket` is the path of a folder. The error for it says how an address begins, and only there."""
    for name in ("s3:/photos/2026", "gs:/photos"):
        with pytest.raises(CollectionError, match=r"An address begins with s3:// or gs://\."):
            require_folder(Path(name))
    with pytest.raises(CollectionError, match=r"holds the images\.$"):
        require_folder(Path("s3photos"))


def test_a_name_that_cannot_be_is_no_collection(tmp_path):
    """A name that is too long for the system is a CollectionError too."""
    with pytest.raises(CollectionError):
        require_folder(tmp_path / ("x" * 300))


def test_a_file_is_no_collection(tmp_path):
    """The error for a file in place of a folder names the file and says what to do."""
    make_tree(tmp_path, {"a.jpg": JPEG})
    with pytest.raises(CollectionError, match=r"a\.jpg: this is a file. Give the folder that holds it"):
        require_folder(tmp_path / "a.jpg")


@posix
def test_a_link_to_a_folder_is_a_collection(tmp_path):
    """A collection may be given as a link to a folder; then the collection is that folder."""
    make_tree(tmp_path, {"real/a.jpg": JPEG})
    (tmp_path / "link").symlink_to("real")
    assert require_folder(tmp_path / "link") == (tmp_path / "real").resolve()
    (tmp_path / "loop").symlink_to("loop")
    with pytest.raises(CollectionError):
        require_folder(tmp_path / "loop")


def sidecars_in(root: Path, **options: object) -> dict[str, list[str]]:
    files = find_images(root, **options).files
    return {file.path: [sidecar.path for sidecar in file.sidecars] for file in files}


def test_sidecars_are_listed_with_their_image(tmp_path):
    """Sidecars are listed with the image in their own folder.

    A file that has the name of no image is not listed.
    """
    make_tree(
        tmp_path,
        {"x.jpg": JPEG, "x.xmp": TEXT, "x.NEF": b"II*\0", "notes.txt": TEXT, "sub/x.mov": TEXT, "sub/x.png": PNG},
    )
    listing = find_images(tmp_path, recursive=True)
    assert sidecars_in(tmp_path, recursive=True) == {"x.jpg": ["x.NEF", "x.xmp"], "sub/x.png": ["sub/x.mov"]}
    assert listing.unreadable == ()
    status = (tmp_path / "x.xmp").stat()
    assert listing.files[0].sidecars[1] == Sidecar("x.xmp", len(TEXT), status.st_mtime_ns)


def test_an_image_is_never_a_sidecar(tmp_path):
    """An image with the name of a sidecar is listed as an image."""
    make_tree(tmp_path, {"x.jpg": JPEG, "x.txt": PNG, "x.mov": TEXT})
    assert sidecars_in(tmp_path) == {"x.jpg": ["x.mov"], "x.txt": []}


def test_a_cameras_thumbnail_goes_with_its_photo_or_is_an_image(tmp_path):
    """A thumbnail (.thm) has the content of a JPEG. Beside a photo it is a sidecar; beside a video it is an image."""
    make_tree(tmp_path, {"x.jpg": JPEG, "x.THM": JPEG, "x.jpg.thm": TEXT, "video.thm": JPEG, "text.thm": TEXT})
    assert sidecars_in(tmp_path) == {"video.thm": [], "x.jpg": ["x.THM", "x.jpg.thm"]}


def test_an_image_that_a_pattern_names_is_a_sidecar(tmp_path):
    """A mask that a person's pattern names goes with its image; without one it is an image."""
    make_tree(tmp_path, {"x.jpg": JPEG, "x_mask.png": PNG, "y_mask.png": PNG})
    rules = SidecarRules.of(["{stem}_mask.png"])
    assert sidecars_in(tmp_path, sidecar_rules=rules) == {"x.jpg": ["x_mask.png"], "y_mask.png": []}


@pytest.mark.parametrize("name", ["x.dng", "x.NEF", "x.raw"])
@pytest.mark.parametrize("content", [b"II*\x00 and so on", JPEG, b""])
def test_a_raw_file_alone_is_an_image_with_its_sidecars(tmp_path, name, content):
    """A RAW file without an image of its name is an image, whatever bytes it begins with, and owns its notes."""
    tree = {"a.jpg": JPEG, f"sub/{name}": content, "sub/x.xmp": TEXT, f"sub/{name}.xmp": TEXT, "x.jpg": JPEG}
    make_tree(tmp_path, tree)
    listing = find_images(tmp_path, recursive=True)
    found = {file.path: [sidecar.path for sidecar in file.sidecars] for file in listing.files}
    assert found == {"a.jpg": [], f"sub/{name}": [f"sub/{name}.xmp", "sub/x.xmp"], "x.jpg": []}
    assert listing.unreadable == ()


def test_a_raw_file_beside_its_jpeg_is_no_image(tmp_path):
    """A RAW file stays the sidecar of the image of its name."""
    make_tree(tmp_path, {"x.jpg": JPEG, "x.nef": JPEG, "x.nef.xmp": TEXT, "y.NEF": JPEG})
    listing = find_images(tmp_path)
    found = {file.path: [sidecar.path for sidecar in file.sidecars] for file in listing.files}
    assert found == {"x.jpg": ["x.nef", "x.nef.xmp"], "y.NEF": []}


@pytest.mark.parametrize("name", ["a.xcf", "a.PSB", "a.exr", "a.eps", "a.jxr"])
def test_an_image_of_a_kind_that_is_not_read_is_a_row(tmp_path, name):
    """An image of a kind that imgsort does not read stays where it is, and is named."""
    make_tree(tmp_path, {"b.jpg": JPEG, name: TEXT, "a.txt": TEXT, "a.zip": TEXT})
    listing = find_images(tmp_path)
    assert [file.path for file in listing.files] == ["b.jpg"]
    assert [(row.path, "imgsort does not read" in row.reason) for row in listing.unreadable] == [(name, True)]


@posix
def test_links_and_hidden_files_are_no_sidecars(tmp_path):
    """Links, pipes, folders and hidden files are never sidecars, just as they are never images."""
    make_tree(tmp_path, {"x.jpg": JPEG, ".x.xmp": TEXT, "real": TEXT, "x.aae/inner": TEXT})
    (tmp_path / "x.xmp").symlink_to("real")
    os.mkfifo(tmp_path / "x.json")
    os.mkfifo(tmp_path / "x.nef")
    assert sidecars_in(tmp_path) == {"x.jpg": []}
    assert find_images(tmp_path).unreadable == ()
