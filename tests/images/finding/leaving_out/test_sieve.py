"""What a listing leaves out: folders of devices and programs, and what the rules name."""

import os

import pytest

from imgsort.images.finding.find import find_images
from imgsort.images.finding.leaving_out.rules import Rules
from imgsort.images.finding.leaving_out.system_folders import is_system_folder
from tests.support.trees import make_tree

JPEG = b"\xff\xd8\xff\xe0 and so on"
OF_THE_ISSUE = [
    "@eaDir", "#recycle", "#snapshot", "$RECYCLE.BIN", "System Volume Information", "lost+found", ".Trash",
    ".Trash-1000", ".Trashes", "Photos Library.photoslibrary", "Old.aplibrary", "Catalog Previews.lrdata",
    "2024.cocatalog", "__MACOSX", "node_modules", "thumbnails", ".thumbnails", "thumbs",
]  # fmt: skip
OF_THE_SAME_KIND = [
    "$Recycle.Bin", "@Recycle", "@Recently-Snapshot", ".@__thumb", "RECYCLER", "Recycled", "FOUND.000", ".snapshots",
    "Thumbnails", ".thumbs", "Mac.migratedphotolibrary", "iPhoto.photolibrary", "Film.fcpbundle", "X.imovielibrary",
    "Cloud.lrlibrary", "Cloud.lrcat-data", ".dtrash", ".picasaoriginals", "site-packages", "__pycache__", ".git",
    "@tmp", "FOTOS.PHOTOSLIBRARY", ".stversions", "files_trashbin", "Backups.backupdb", ".AppleDouble",
]  # fmt: skip
NOT_SYSTEM = [
    "photos",
    "eaDir",
    "recycle",
    "Trash",
    "photoslibrary",
    "My thumbnails of wood",
    "2024.photos",
    "snapshot",
]


def listing_of(root, *, recursive=True, **options):
    rules = Rules(options.pop("exclude", ()), options.pop("include", ()))
    return find_images(root, recursive=recursive, rules=rules, **options)


def listed(root, **options):
    return [file.path for file in listing_of(root, **options).files]


@pytest.mark.parametrize("name", [*OF_THE_ISSUE, *OF_THE_SAME_KIND])
def test_a_system_folder_is_left_out_unless_include_names_it(tmp_path, name):
    """Nothing in it is listed, at any depth. It is counted, and `--include` takes it in."""
    tree = {"a.jpg": JPEG, f"{name}/b.jpg": JPEG, f"{name}/deep/c.jpg": JPEG, f"sub/{name}/d.jpg": JPEG}
    make_tree(tmp_path, tree)
    listing = listing_of(tmp_path)
    assert [file.path for file in listing.files] == ["a.jpg"]
    assert listing.left_out.told() == f"left out: 2 system folders ({name}). --include takes them in."
    escaped = name.replace("[", "\\[")
    assert listed(tmp_path, include=[escaped]) == ["a.jpg", f"{name}/b.jpg", f"{name}/deep/c.jpg", f"sub/{name}/d.jpg"]
    assert listed(tmp_path, include=[f"/{escaped}/"]) == ["a.jpg", f"{name}/b.jpg", f"{name}/deep/c.jpg"]


@pytest.mark.parametrize("name", NOT_SYSTEM)
def test_a_folder_of_a_person_counts(name):
    """Names that only resemble those of system folders are a person's own."""
    assert not is_system_folder(name)


def test_a_file_with_the_name_of_a_system_folder_counts(tmp_path):
    """Only folders are system folders."""
    make_tree(tmp_path, {"thumbs": JPEG, "x.photoslibrary": JPEG})
    assert listed(tmp_path) == ["thumbs", "x.photoslibrary"]


@pytest.mark.parametrize("include", ["*", "**", ".*", ".imgsort", ".secret", ".x.jpg"])
def test_other_hidden_files_stay_hidden(tmp_path, include):
    """`--include` takes in no hidden file, no other hidden folder, and never imgsort's own folder."""
    make_tree(tmp_path, {"a.jpg": JPEG, ".x.jpg": JPEG, ".secret/b.jpg": JPEG, ".imgsort/c.jpg": JPEG})
    make_tree(tmp_path, {".thumbnails/.y.jpg": JPEG, ".thumbs": JPEG})
    assert listed(tmp_path, include=[include]) == ["a.jpg"]


@pytest.mark.parametrize("name", ["thumbnails", "#recycle", "X.photoslibrary", ".thumbnails", "quiet"])
def test_the_folder_that_a_person_names_counts(tmp_path, name):
    """The collection itself is never left out, whatever its name is and even if it holds `.nomedia`."""
    make_tree(tmp_path, {f"{name}/a.jpg": JPEG, f"{name}/.nomedia": b"", f"{name}/sub/b.jpg": JPEG})
    listing = listing_of(tmp_path / name)
    assert ([file.path for file in listing.files], listing.left_out.told()) == (["a.jpg", "sub/b.jpg"], "")


@pytest.mark.parametrize("mark", [".nomedia", ".NoMedia"])
def test_a_folder_with_nomedia_is_left_out_with_all_below(tmp_path, mark):
    """Such a folder says that its pictures are not photos. `--include` takes it in."""
    make_tree(
        tmp_path, {"a.jpg": JPEG, f"app/{mark}": b"", "app/b.jpg": JPEG, "app/sub/c.jpg": JPEG, "other/d.jpg": JPEG}
    )
    listing = listing_of(tmp_path)
    assert [file.path for file in listing.files] == ["a.jpg", "other/d.jpg"]
    assert listing.left_out.told() == "left out: 1 folder with .nomedia (app). --include takes them in."
    assert listed(tmp_path, include=["app"]) == ["a.jpg", "app/b.jpg", "app/sub/c.jpg", "other/d.jpg"]


def test_folders_that_imgsort_made_obey_the_user_only(tmp_path):
    """A category that a person renamed to `thumbs` is still listed; `--exclude` leaves it out, and folders above it."""
    make_tree(tmp_path, {"a.jpg": JPEG, "thumbs/b.jpg": JPEG, "thumbs/.nomedia": b"", "top/category_1/c.jpg": JPEG})
    made = {"inside": ["thumbs", "top/category_1"], "recursive": False}
    assert listed(tmp_path, **made) == ["a.jpg", "thumbs/b.jpg", "top/category_1/c.jpg"]
    assert listed(tmp_path, **made, exclude=["thumbs"]) == ["a.jpg", "top/category_1/c.jpg"]
    assert listed(tmp_path, **made, exclude=["top/"]) == ["a.jpg", "thumbs/b.jpg"]
    assert listed(tmp_path, **{**made, "recursive": True}, exclude=["thumbs"]) == ["a.jpg", "top/category_1/c.jpg"]


def test_an_image_that_is_left_out_keeps_its_sidecars(tmp_path):
    """What belongs to an image that stays does not go with another image of the same stem."""
    make_tree(tmp_path, dict.fromkeys(["x.jpg", "x.png", "x.nef"], JPEG) | {"x.xmp": b"x", "x.png.xmp": b"x"})
    listing = listing_of(tmp_path, exclude=["x.jpg"])
    assert [(file.path, [s.path for s in file.sidecars]) for file in listing.files] == [("x.png", ["x.png.xmp"])]
    assert listing.unreadable == ()


def test_a_sidecar_that_is_left_out_stays(tmp_path):
    """A pattern that names a sidecar, or a RAW file, leaves it where it is."""
    make_tree(tmp_path, dict.fromkeys(["x.jpg", "x.nef", "lonely.nef"], JPEG) | {"x.xmp": b"x"})
    listing = listing_of(tmp_path, exclude=["*.nef"])
    assert [[s.path for s in file.sidecars] for file in listing.files] == [["x.xmp"]]
    assert listing.unreadable == ()


def test_what_is_left_out_is_not_opened(tmp_path):
    """A folder that nobody may read gives no row if a rule leaves it out, and a file without suffix is not read."""
    make_tree(tmp_path, {"a.jpg": JPEG, "locked/b.jpg": JPEG, "no_suffix": JPEG})
    os.chmod(tmp_path / "locked", 0)
    before = (tmp_path / "no_suffix").stat().st_atime_ns
    try:
        listing = listing_of(tmp_path, exclude=["locked", "no_*"])
    finally:
        os.chmod(tmp_path / "locked", 0o755)
    assert ([file.path for file in listing.files], listing.unreadable) == (["a.jpg"], ())
    assert (tmp_path / "no_suffix").stat().st_atime_ns == before


def test_without_recursive_no_folder_is_counted(tmp_path):
    """Where no subfolder is looked into anyway, none is left out. Files are."""
    make_tree(tmp_path, {"a.jpg": JPEG, "b.png": JPEG, "@eaDir/a.jpg": JPEG, "app/.nomedia": b"", "drafts/c.jpg": JPEG})
    told = listing_of(tmp_path, recursive=False, exclude=["drafts", "*.png"]).left_out.told()
    assert told == "left out: 1 file by --exclude. --include takes them in."


def test_the_notice_counts_by_reason_and_names_three(tmp_path):
    """One line has the number of folders and files for each reason, and at most three names."""
    tree = {f"{name}/a.jpg": JPEG for name in ("@eaDir", "sub/@eaDir", "#recycle", "lost+found", "thumbs", "Thumbs")}
    tree |= {"app/.nomedia": b"", "drafts/x.jpg": JPEG, "a.png": JPEG, "b.png": JPEG, "old/x.jpg": JPEG, "o.jpg": JPEG}
    make_tree(tmp_path, {**tree, "fine.jpg": JPEG, ".imgsortignore": b"old\no.*\n"})
    assert listing_of(tmp_path, exclude=["*.png", "drafts"]).left_out.told() == (
        "left out: 6 system folders (#recycle, @eaDir, Thumbs and 2 more), 1 folder with .nomedia (app), "
        "1 folder and 2 files by --exclude, 1 folder and 1 file by .imgsortignore. --include takes them in."
    )


def test_no_rules_take_everything(tmp_path):
    """Where a person names each folder, nothing is left out, and `.imgsortignore` is not even read."""
    make_tree(tmp_path, {"@eaDir/a.jpg": JPEG, "sub/.nomedia": b"", "sub/b.jpg": JPEG, ".imgsortignore": b"x["})
    make_tree(tmp_path, {".git/c.jpg": JPEG})
    assert [file.path for file in find_images(tmp_path, recursive=True, rules=None).files] == [
        "@eaDir/a.jpg",
        "sub/b.jpg",
    ]
