"""Finds the images among files of which only the names are known, for example the objects in a store."""

from collections.abc import Collection, Iterable
from dataclasses import replace

from imgsort.images.finding.entries import has_image_suffix
from imgsort.images.finding.find import ImageFile, Listing, Unreadable, lonely_raws, not_owned, of_unread_kinds
from imgsort.images.finding.leaving_out.rules import DEFAULT_RULES, Rules
from imgsort.images.finding.leaving_out.sieve import NO_MEDIA, TOP, Folder, Sieve
from imgsort.images.finding.sidecars import Sidecar, assign_sidecars
from imgsort.name_key import name_key
from imgsort.sidecar_names.kinds import is_told_by_name
from imgsort.sidecar_names.owners import images_that_are_sidecars
from imgsort.sidecar_names.rules import BUILT_IN, SidecarRules


def images_among(
    files: Iterable[Sidecar],
    *,
    left_out: Collection[str] = (),
    rules: Rules | None = DEFAULT_RULES,
    sidecar_rules: SidecarRules = BUILT_IN,
) -> Listing:
    """List the images among `files`, ordered by file name and then by path.

    A file counts as an image by its suffix: nothing is read. `left_out`: folders whose images do not count. `rules`:
    what else is left out; there is no file `.imgsortignore`. Hidden files and folders never count.
    Raises UsageError for a wrong pattern.
    """
    folders: dict[str, list[Sidecar]] = {}
    for file in files:
        folders.setdefault(file.path.rpartition("/")[0], []).append(file)
    sieve = Sieve(None, rules)
    known: dict[str, Folder | None] = {"": TOP, **dict.fromkeys(left_out, None)}
    images: list[ImageFile] = []
    unreadable: list[Unreadable] = []
    for path in sorted(folders):
        folder = _folder(path, known, sieve)
        if folder is not None:
            found, unread = _in_one_folder(folder, folders[path], sieve, sidecar_rules)
            images += found
            unreadable += unread
    images.sort(key=lambda file: (file.name, file.path))
    return Listing(tuple(images), tuple(unreadable), sieve.left_out)


def _folder(path: str, known: dict[str, Folder | None], sieve: Sieve) -> Folder | None:
    """Return the folder at `path`, or None if it or a folder above it does not count."""
    if path not in known:
        parent, _, name = path.rpartition("/")
        above = _folder(parent, known, sieve)
        counts = above is not None and (not name.startswith(".") or sieve.looks_at_hidden(name))
        known[path] = sieve.subfolder(above, name) if above is not None and counts else None
    return known[path]


def _in_one_folder(
    folder: Folder, files: list[Sidecar], sieve: Sieve, sidecar_rules: SidecarRules
) -> tuple[list[ImageFile], list[Unreadable]]:
    if not sieve.takes_content(folder, has_nomedia=any(name_key(file.name) == NO_MEDIA for file in files)):
        return [], []
    visible = [file for file in files if file.name and not file.name.startswith(".")]
    without = sieve.files_left_out(folder, [file.name for file in visible])
    # An image that is left out keeps its sidecars, so its name counts here.
    left = [file.path for file in visible if file.name in without and has_image_suffix(file.name)]
    counting = [file for file in visible if file.name not in without]
    named = {file.name for file in counting if has_image_suffix(file.name) and not is_told_by_name(file.name)}
    named -= images_that_are_sidecars(named, sidecar_rules)
    images = [ImageFile(file.path, file.size, file.mtime_ns) for file in counting if file.name in named]
    rest = [file for file in counting if file.name not in named]
    others = [file for file in rest if has_image_suffix(file.name) or sidecar_rules.may_be_sidecar(file.name)]
    owned = assign_sidecars([*(image.path for image in images), *left], others, sidecar_rules)
    alone = not_owned(others, owned.values())
    found = [replace(image, sidecars=owned.get(image.path, ())) for image in images]
    companions = {file.name for file in others}
    unread = [file.path for file in rest if file.name not in companions]
    return [*found, *lonely_raws(alone, sidecar_rules)], of_unread_kinds([*unread, *(file.path for file in alone)])
