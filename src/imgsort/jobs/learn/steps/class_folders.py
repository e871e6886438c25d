"""The classes of a folder: its subfolders, and the images in them."""

from dataclasses import dataclass, replace
from pathlib import Path

from imgsort.errors import CollectionError, TooFewImagesError, UsageError
from imgsort.images.finding.find import Listing, find_images
from imgsort.jobs.session.listing import LEFT_OUT
from imgsort.learning.data.class_names import require_class_names


@dataclass(frozen=True)
class ClassFolders:
    """`classes`: the names of the subfolders that hold images, in order; `listing`: those images.

    `loose`: how many images lie in no subfolder, and so are of no class.
    """

    root: Path
    classes: tuple[str, ...]
    listing: Listing
    loose: int


def find_classes(root: Path) -> ClassFolders:
    """List the images in the subfolders of `root`, each of which is a class; what lies deeper is of it too.

    `Outlayers`, `Rejected`, `Unsorted` and `Unsure` are no classes, and hidden folders neither. Raises
    CollectionError where there is no class, UsageError for a name that no class can have.
    """
    found = find_images(root, left_out=LEFT_OUT, recursive=True)
    files = tuple(file for file in found.files if "/" in file.path)
    classes = tuple(sorted({file.path.partition("/")[0] for file in files}))
    if not classes:
        raise CollectionError(f"{root}: no subfolder holds images. A folder for each class is due, named after it.")
    try:
        require_class_names(classes)
    except ValueError as error:
        raise UsageError(f"{root}: {error}. Rename the folder.") from error
    return ClassFolders(root, classes, replace(found, files=files), len(found.files) - len(files))


def require_outside(path: Path, root: Path) -> Path:
    """Return `path`. Raises UsageError where it lies among the classes of `root`: its pictures would be one of them."""
    if path.parent.resolve().is_relative_to(root):
        raise UsageError(f"{path}: this lies in {root}, whose folders are classes. Give a place outside.")
    return path


def require_two(folders: ClassFolders) -> ClassFolders:
    """Return the classes. Raises TooFewImagesError where there is one alone."""
    if len(folders.classes) < 2:
        raise TooFewImagesError(
            f"{folders.root}: the one class {folders.classes[0]!r} leaves nothing to tell it from. "
            "Put images of another kind into a folder of their own."
        )
    return folders


def only_classes(folders: ClassFolders, known: tuple[str, ...]) -> tuple[ClassFolders, tuple[str, ...]]:
    """Return those classes that are `known`, and the names of the others."""
    unknown = tuple(name for name in folders.classes if name not in known)
    files = tuple(file for file in folders.listing.files if file.path.partition("/")[0] not in unknown)
    classes = tuple(name for name in folders.classes if name in known)
    return replace(folders, classes=classes, listing=replace(folders.listing, files=files)), unknown
