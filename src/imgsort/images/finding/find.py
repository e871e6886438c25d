"""Finds the images of a folder and the files that go with them. Reads names and first bytes, and decodes nothing."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from imgsort.errors import CollectionError
from imgsort.images.finding.entries import Entries, has_image_content, has_image_suffix
from imgsort.images.finding.leaving_out.left_out import NOTHING, LeftOut
from imgsort.images.finding.leaving_out.rules import DEFAULT_RULES, Rules
from imgsort.images.finding.leaving_out.sieve import TOP, Folder, Sieve
from imgsort.images.finding.links import Link, linked_images
from imgsort.images.finding.sidecars import Sidecar, assign_sidecars
from imgsort.images.kinds import unread_kind
from imgsort.sidecar_names.kinds import is_raw, is_thumbnail, is_told_by_name
from imgsort.sidecar_names.owners import images_that_are_sidecars
from imgsort.sidecar_names.rules import BUILT_IN, SidecarRules


@dataclass(frozen=True)
class ImageFile:
    """A file that is, or claims to be, an image.

    `path` is relative to the collection, with `/` between its parts; `size` is in bytes. `sidecars` are the
    files that always move together with the image. If `path` is a `link`, the size and the time are those of the file
    that it leads to.
    """

    path: str
    size: int
    mtime_ns: int
    sidecars: tuple[Sidecar, ...] = ()
    link: Link | None = None

    @property
    def name(self) -> str:
        """The last part of the path."""
        return self.path.rpartition("/")[2]

    def place_in(self, root: Path) -> Path:
        """Return where the bytes lie of an image that was found in `root`."""
        return root / self.path if self.link is None else Path(self.link.leads_to)


@dataclass(frozen=True)
class Unreadable:
    """A file that stays where it is, and the reason. `path` is relative to the collection."""

    path: str
    reason: str


@dataclass(frozen=True)
class Listing:
    """The images of a collection, ordered by file name and then by path, and the unreadable files and folders.

    `left_out`: what the rules left out.
    """

    files: tuple[ImageFile, ...]
    unreadable: tuple[Unreadable, ...]
    left_out: LeftOut = NOTHING


def require_folder(folder: Path) -> Path:
    """Return `folder` with every link resolved.

    Raises CollectionError if there is no such folder, or if it cannot be read.
    """
    try:
        if not folder.exists():
            hint = " An address begins with s3:// or gs://." if str(folder).startswith(("s3:", "gs:")) else ""
            raise CollectionError(f"{folder}: there is no such folder. Give the folder that holds the images.{hint}")
        if not folder.is_dir():
            raise CollectionError(f"{folder}: this is a file. Give the folder that holds it.")
        return folder.resolve()
    except OSError as error:
        raise CollectionError(f"{folder}: this folder cannot be read ({error.strerror}).") from error


def named_file(path: Path) -> ImageFile:
    """Return a file that a person named, with an absolute path. Raises CollectionError if there is no such file."""
    try:
        status = path.stat()
    except OSError as error:
        raise CollectionError(f"{path}: this file cannot be read ({error.strerror}).") from error
    return ImageFile(str(path.resolve()), status.st_size, status.st_mtime_ns)


def find_images(
    root: Path,
    *,
    inside: Collection[str] = (),
    left_out: Collection[str] = (),
    recursive: bool = False,
    rules: Rules | None = DEFAULT_RULES,
    sidecar_rules: SidecarRules = BUILT_IN,
) -> Listing:
    """List the image files that lie directly in `root` or directly in one of the folders `inside`.

    `inside` and `left_out` hold paths relative to `root`. With `recursive`, every subfolder is searched, except those
    in `left_out`. Hidden files and folders, pipes, sockets and devices are always skipped. A RAW file is
    the sidecar of an image, or an image itself if there is none of its name. An image of a kind that imgsort does not
    read is listed as unreadable.
    `rules`: what else is left out, or taken in. If they are None, nothing is left out, and links to images are taken.
    If several names lead to one file, one of them counts: the file itself, or the first link.
    `sidecar_rules`: which files are sidecars.
    Raises CollectionError and UsageError for the file `.imgsortignore`.
    """
    files: list[ImageFile] = []
    unreadable: list[Unreadable] = []
    sieve = Sieve(root, rules)
    made = (sieve.folder_made(path) for path in inside)
    pending = [TOP, *(folder for folder in made if folder is not None)]
    seen = {"", *inside, *left_out}
    while pending:
        folder = pending.pop()
        try:
            entries = Entries.of(root / folder.path, sieve)
        except OSError as error:
            unreadable.append(Unreadable(folder.path or ".", f"folder cannot be listed: {error.strerror}"))
            continue
        if not sieve.takes_content(folder, has_nomedia=entries.has_nomedia):
            continue
        listed = listed_in(root, folder, entries, sieve, sidecar_rules)
        files += listed.files
        unreadable += listed.unreadable
        if recursive:
            subfolders = (sieve.subfolder(folder, name) for name in entries.folders if folder.below(name) not in seen)
            pending += [subfolder for subfolder in subfolders if subfolder is not None]
    files, doubles = each_once(root, files)
    return Listing(tuple(files), tuple(unreadable), replace(sieve.left_out, doubles=doubles))


def each_once(root: Path, files: list[ImageFile]) -> tuple[list[ImageFile], tuple[str, ...]]:
    """Return the files in order, and the paths of links to files that are there under another name already."""
    files = sorted(files, key=lambda file: (file.name, file.path))
    if all(file.link is None for file in files):
        return files, ()
    seen = {str(root / file.path) for file in files if file.link is None}
    kept, doubles = [], []
    for file in files:
        if file.link is not None and file.link.leads_to in seen:
            doubles.append(file.path)
            continue
        if file.link is not None:
            seen.add(file.link.leads_to)
        kept.append(file)
    return kept, tuple(doubles)


def listed_in(root: Path, folder: Folder, entries: Entries, sieve: Sieve, sidecar_rules: SidecarRules) -> Listing:
    """Return the images directly in one folder, with their sidecars, and the files that are images of unread kinds."""
    content = _content(folder, entries, sieve, sidecar_rules)
    owned = assign_sidecars(content.image_paths, content.others, sidecar_rules)
    files = [replace(image, sidecars=owned[image.path]) if image.path in owned else image for image in content.images]
    alone = not_owned(content.others, owned.values())
    files += _lonely_thumbnails(root, alone)
    files += lonely_raws(alone, sidecar_rules)
    unread = of_unread_kinds([*content.unread, *(file.path for file in alone)])
    return Listing(tuple(files), tuple(unread))


@dataclass(frozen=True)
class _Content:
    """What a folder holds: its images, other files that could be sidecars, and the paths of images that are left out.

    An image that is left out keeps its sidecars, so it must be known. Its content is not read. `unread`: the paths of
    the files that are nothing else.
    """

    images: list[ImageFile]
    others: list[Sidecar]
    left: list[str]
    unread: list[str]

    @property
    def image_paths(self) -> list[str]:
        return [*(image.path for image in self.images), *self.left]


def _content(folder: Folder, entries: Entries, sieve: Sieve, sidecar_rules: SidecarRules) -> _Content:
    """Return the content of a folder. An image that a pattern takes along as a sidecar is not an image."""
    images, others, left, unread = [], [], [], []
    links = linked_images(entries.links)
    names = [*(entry.name for entry, _ in entries.files), *(linked.name for linked in links)]
    left_out = sieve.files_left_out(folder, names)
    for entry, status in entries.files:
        path = folder.below(entry.name)
        if entry.name in left_out:
            if has_image_suffix(entry.name):
                left.append(path)
        elif not is_told_by_name(entry.name) and (has_image_suffix(entry.name) or has_image_content(entry.path)):
            images.append(ImageFile(path, status.st_size, status.st_mtime_ns))
        elif sidecar_rules.may_be_sidecar(entry.name):
            others.append(Sidecar(path, status.st_size, status.st_mtime_ns))
        else:
            unread.append(path)
    for linked in links:
        if linked.name not in left_out and sieve.follows_link(folder, linked.name):
            path, status = folder.below(linked.name), linked.status
            images.append(ImageFile(path, status.st_size, status.st_mtime_ns, link=linked.link))
    going = images_that_are_sidecars((image.name for image in images), sidecar_rules)
    if going:
        others += [
            Sidecar(image.path, image.size, image.mtime_ns)
            for image in images
            if image.name in going and image.link is None
        ]
        images = [image for image in images if image.name not in going]
    return _Content(images, others, left, unread)


def not_owned(others: Iterable[Sidecar], owned: Iterable[tuple[Sidecar, ...]]) -> list[Sidecar]:
    """Return the files that are not the sidecar of an image."""
    accompanied = {file for files in owned for file in files}
    return [file for file in others if file not in accompanied]


def _lonely_thumbnails(root: Path, alone: Iterable[Sidecar]) -> list[ImageFile]:
    """Return an image for each camera's thumbnail that belongs to no photo, for example to a video."""
    return [
        ImageFile(file.path, file.size, file.mtime_ns)
        for file in alone
        if is_thumbnail(file.name) and has_image_content(root / file.path)
    ]


def lonely_raws(alone: Iterable[Sidecar], sidecar_rules: SidecarRules) -> list[ImageFile]:
    """Return an image for each RAW file that is not the sidecar of one. The files that go with it are its sidecars."""
    raws = [file for file in alone if is_raw(file.name)]
    others = [file for file in alone if not is_raw(file.name)]
    owned = assign_sidecars([raw.path for raw in raws], others, sidecar_rules) if raws else {}
    return [ImageFile(raw.path, raw.size, raw.mtime_ns, owned.get(raw.path, ())) for raw in raws]


def of_unread_kinds(paths: Iterable[str]) -> list[Unreadable]:
    """Return a row for each file that is an image of a kind that imgsort does not read."""
    kinds = {path: unread_kind(path) for path in sorted(paths)}
    return [Unreadable(path, f"{kind}, which imgsort does not read") for path, kind in kinds.items() if kind]
