"""Lists the images of a collection: those directly in it, and those in the folders that imgsort made."""

from collections.abc import Iterable, Sequence, Set
from dataclasses import replace

from imgsort.errors import CollectionError
from imgsort.filing.journal.category_folders import CategoryFolder
from imgsort.filing.paths import has_link_on_the_way, is_hidden, is_safe_relative, join
from imgsort.filing.planning.site import Site
from imgsort.images.finding.find import Listing, find_images
from imgsort.images.finding.leaving_out.rules import Rules
from imgsort.images.finding.named import find_named
from imgsort.sidecar_names.rules import BUILT_IN, SidecarRules

LEFT_OUT = ("Outlayers", "Rejected", "Unsorted", "Unsure")


def list_collection(
    site: Site, own_folders: Sequence[str], *, recursive: bool, rules: Rules, sidecar_rules: SidecarRules = BUILT_IN
) -> Listing:
    """List the images of a collection. Raises CollectionError if there are none."""
    listing = find_images(
        site.collection,
        inside=own_folders,
        left_out=left_out(site),
        recursive=recursive,
        rules=rules,
        sidecar_rules=sidecar_rules,
    )
    if not listing.files and not listing.unreadable:
        hint = "" if recursive else " Add --recursive if they are in subfolders."
        raise CollectionError(f"{site.collection}: there are no images in this folder.{hint}{and_left_out(listing)}")
    return listing


def and_left_out(listing: Listing) -> str:
    """Return the end of a message about a listing without images: what was left out, if anything was."""
    told = listing.left_out.told()
    return f" {told[0].upper()}{told[1:]}" if told else ""


def list_inside(site: Site, folders: Iterable[str], sidecar_rules: SidecarRules = BUILT_IN) -> Listing:
    """List the images directly in the collection, and directly in those of the `folders` that are allowed.

    A folder is allowed if it exists and is not a link, not hidden and not in `left_out`. A person named these folders,
    so no rule leaves out anything in them.
    """
    there = {
        folder
        for folder in {*folders} - left_out(site) - {""}
        if is_safe_relative(folder)
        and not is_hidden(folder)
        and not has_link_on_the_way(site.collection, f"{folder}/any")
        and (site.collection / folder).is_dir()
    }
    return find_images(site.collection, inside=there, rules=None, sidecar_rules=sidecar_rules)


def list_named(site: Site, names: Set[str], *, rules: Rules, sidecar_rules: SidecarRules = BUILT_IN) -> Listing:
    """List the images with these `names` that lie directly in the collection. Those that are gone are left out.

    Raises CollectionError if the collection cannot be listed.
    """
    try:
        return find_named(site.collection, names, rules=rules, sidecar_rules=sidecar_rules)
    except OSError as error:
        raise CollectionError(f"{site.collection}: this folder cannot be listed ({error.strerror}).") from error


def without_sidecars(listing: Listing) -> Listing:
    """Return the listing without any sidecars."""
    return replace(listing, files=tuple(replace(file, sidecars=()) for file in listing.files))


def left_out(site: Site) -> set[str]:
    """Return the folders whose images never count, relative to the collection."""
    return {*LEFT_OUT, *(join(site.prefix, name) for name in LEFT_OUT if site.is_within)}


def still_categories(folders: Iterable[CategoryFolder], site: Site) -> tuple[CategoryFolder, ...]:
    """Return the folders that are still categories.

    A folder is no longer a category if a person renamed it to `Rejected` or another name in `LEFT_OUT`.
    """
    return tuple(folder for folder in folders if folder.path not in left_out(site))
