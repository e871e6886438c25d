"""Finds the classes of a folder: its subfolders, and the images in them."""

from dataclasses import dataclass, replace
from pathlib import Path

from imgsort.errors import CollectionError, TooFewImagesError, UsageError
from imgsort.images.finding.find import ImageFile, Listing, find_images
from imgsort.images.finding.leaving_out.rules import DEFAULT_RULES, Rules
from imgsort.jobs.listener import Listener
from imgsort.jobs.session.listing import LEFT_OUT, and_left_out
from imgsort.learning.data.class_names import require_class_names
from imgsort.learning.data.dataset import LabelledImages
from imgsort.learning.data.shared_images import shared_images


@dataclass(frozen=True)
class ClassFolders:
    """The classes of a folder, and their images.

    `classes`: the names of the subfolders that hold images, in order.
    `listing`: the images in these subfolders.
    `loose`: how many images lie in no subfolder. They have no class.
    """

    root: Path
    classes: tuple[str, ...]
    listing: Listing
    loose: int


def find_classes(root: Path, rules: Rules = DEFAULT_RULES) -> ClassFolders:
    """List the images in the subfolders of `root`. Each subfolder is a class.

    Images in deeper folders belong to the class too. `Outlayers`, `Rejected`, `Unsorted`, `Unsure`, hidden folders and
    what the rules leave out are not classes. Links to images are taken where a class has nothing else. Raises
    CollectionError if there is no class, and UsageError for a name that a class cannot have.
    """
    found = find_images(root, left_out=LEFT_OUT, recursive=True, rules=replace(rules, follow_links=True))
    return classes_in(root, found, follow_links=rules.follow_links)


def classes_in(root: Path, found: Listing, *, follow_links: bool) -> ClassFolders:
    """Return the classes of the images that were found in all subfolders of `root`, links among them.

    Unless `follow_links`, a link counts only where its class has nothing else. Raises CollectionError and UsageError.
    """
    if not follow_links:
        found = _without_needless_links(found)
    files = tuple(file for file in found.files if "/" in file.path)
    classes = tuple(sorted({_class_of(file) for file in files}))
    if not classes:
        raise CollectionError(
            f"{root}: no subfolder holds images. Put the images of each class into a subfolder with its name."
            f"{and_left_out(found)}"
        )
    try:
        require_class_names(classes)
    except ValueError as error:
        raise UsageError(f"{root}: {error}. Rename the folder.") from error
    return ClassFolders(root, classes, replace(found, files=files), len(found.files) - len(files))


def _without_needless_links(listing: Listing) -> Listing:
    """Leave out the links of each class that has other images. `imgsort --symlink` makes classes of links alone."""
    have_files = {_class_of(file) for file in listing.files if file.link is None}
    kept = tuple(file for file in listing.files if file.link is None or _class_of(file) not in have_files)
    links = tuple(file.path for file in listing.files if file.link is not None and _class_of(file) in have_files)
    return replace(listing, files=kept, left_out=replace(listing.left_out, links=links))


def _class_of(file: ImageFile) -> str:
    return file.path.partition("/")[0]


def require_outside(path: Path, root: Path) -> Path:
    """Return `path`. Raises UsageError if it lies in `root`, whose folders are classes.

    Pictures at `path` would become one of the classes.
    """
    if path.parent.resolve().is_relative_to(root):
        raise UsageError(f"{path}: this lies in {root}, whose subfolders are classes. Give a place outside it.")
    return path


def require_two(folders: ClassFolders) -> ClassFolders:
    """Return the classes. Raises TooFewImagesError if there is only one."""
    if len(folders.classes) < 2:
        raise TooFewImagesError(
            f"{folders.root}: there is only one class, {folders.classes[0]!r}, and at least two are needed. "
            f"Put images of another kind into another subfolder.{and_left_out(folders.listing)}"
        )
    return folders


def only_classes(folders: ClassFolders, known: tuple[str, ...]) -> tuple[ClassFolders, tuple[str, ...]]:
    """Return the classes that are `known`, and the names of the others."""
    unknown = tuple(name for name in folders.classes if name not in known)
    files = tuple(file for file in folders.listing.files if _class_of(file) not in unknown)
    classes = tuple(name for name in folders.classes if name in known)
    return replace(folders, classes=classes, listing=replace(folders.listing, files=files)), unknown


def tell_of_shared_images(listener: Listener, *sets: LabelledImages) -> None:
    """Give a notice if images with the same bytes are in two classes. It names both paths of the first such image.

    `sets`: see `shared_images`.
    """
    shared = shared_images(*sets)
    if shared:
        first, second = shared[0]
        others = len(shared) - 1
        more = "" if not others else f", and so {'is 1 more image' if others == 1 else f'are {others} more images'}"
        listener.notice(
            f"{first} and {second} are the same image, in two classes{more}. "
            "Keep each image only in the class that it belongs to."
        )
