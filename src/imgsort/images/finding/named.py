"""Finds a few images of a folder by their names, as quickly as if nothing else were there."""

from collections.abc import Set
from pathlib import Path

from imgsort.images.finding.entries import Entries
from imgsort.images.finding.find import Listing, each_once, listed_in
from imgsort.images.finding.leaving_out.rules import DEFAULT_RULES, Rules
from imgsort.images.finding.leaving_out.sieve import TOP, Sieve
from imgsort.sidecar_names.related import related_names
from imgsort.sidecar_names.rules import BUILT_IN, SidecarRules


def find_named(
    root: Path, names: Set[str], *, rules: Rules | None = DEFAULT_RULES, sidecar_rules: SidecarRules = BUILT_IN
) -> Listing:
    """List the image files with these `names` that lie directly in `root`, with the sidecars that `find_images` finds.

    The other files there cost hardly any time: only their names are read. What the rules leave out is not said. Raises
    CollectionError and UsageError for the file `.imgsortignore`, and OSError if `root` cannot be listed.
    """
    sieve = Sieve(root, rules)
    entries = Entries.of(root, sieve, lambda there: related_names(there, names, sidecar_rules))
    listed = listed_in(root, TOP, entries, sieve, sidecar_rules)
    files, _ = each_once(root, [file for file in listed.files if file.path in names])
    return Listing(tuple(files), tuple(row for row in listed.unreadable if row.path in names))
