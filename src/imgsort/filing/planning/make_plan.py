"""Chooses a place for every image and its followers."""

from collections.abc import Mapping, Sequence, Set
from types import MappingProxyType

from imgsort.content import file_content_hash
from imgsort.filing.paths import (
    is_at_or_above,
    join,
    name_of,
    parent_of,
)
from imgsort.filing.planning.folders import FolderChooser, names_in
from imgsort.filing.planning.names import FolderNames
from imgsort.filing.planning.plan import FolderCount, Move, Placement, Plan, Refusal
from imgsort.filing.planning.site import Site
from imgsort.sidecar_names.rules import BUILT_IN, SidecarRules

NOTHING_RESERVED: Mapping[str, Sequence[str]] = MappingProxyType({})


def make_plan(
    site: Site,
    placements: Sequence[Placement],
    *,
    own_folders: Set[str] = frozenset(),
    shared: Set[str] = frozenset(),
    rules: SidecarRules = BUILT_IN,
    reserved: Mapping[str, Sequence[str]] = NOTHING_RESERVED,
) -> Plan:
    """Choose a place for every image and its followers.

    The folders are categories. If something foreign has the name of a category, imgsort leaves it alone and takes
    `name (2)`. `own_folders` (relative to the destination) are the folders that imgsort made before. The names in
    `shared` (for example `Outlayers`) are different: if such a folder exists, it is used. Images that are already
    in their folder stay, with their followers. Followers that move are read to hash their content. `rules` say which
    names belong together, and how a follower is called if its image gets another name. `reserved`: by folder, relative
    to the destination, names that other files will have there.
    Raises UsageError if something that is not a folder has a name that must be a folder.
    """
    names = list(dict.fromkeys(placement.folder for placement in placements))
    chooser = FolderChooser(site, own_folders)
    paths = {name: chooser.shared(name) if name in shared else chooser.own(name) for name in names}
    moves: list[Move] = []
    kept: list[Refusal] = []
    counts = dict.fromkeys(names, 0)
    taken = {
        path: FolderNames([*names_in(site.destination / path), *reserved.get(path, ())], rules)
        for path in paths.values()
    }
    for placement in placements:
        folder = paths[placement.folder]
        if site.collection / parent_of(placement.source) != site.destination / folder:
            unit = _unit_moves(site, placement, folder, taken[folder])
            if isinstance(unit, Refusal):
                kept.append(unit)
                continue
            moves += unit
        counts[placement.folder] += 1
    used = {parent_of(move.target) for move in moves}
    return Plan(
        site=site,
        made=tuple(path for path in chooser.missing if any(is_at_or_above(path, folder) for folder in used)),
        categories=tuple(path for name, path in paths.items() if name not in shared),
        moves=tuple(moves),
        folders=tuple(FolderCount(name_of(paths[name]), counts[name]) for name in names),
        kept=tuple(kept),
    )


def _unit_moves(site: Site, placement: Placement, folder: str, taken: FolderNames) -> list[Move] | Refusal:
    """Choose names in `folder` for an image and its followers, or say why they stay.

    A follower that cannot be read cannot be copied, and an undo cannot tell it from another file.
    """
    contents = {
        follower.source: content
        for follower in placement.followers
        if (content := file_content_hash(site.collection / follower.source)) is not None
    }
    unread = [follower.source for follower in placement.followers if follower.source not in contents]
    if unread:
        return Refusal(placement.source, f"stays with its sidecar {name_of(unread[0])!r}, which cannot be read")
    sources = [placement.source, *contents]
    names = taken.take([name_of(source) for source in sources], parent_of(placement.source))
    image, *followers = [join(folder, name) for name in names]
    return [
        Move(
            placement.source,
            image,
            placement.size,
            placement.mtime_ns,
            placement.content,
            placement.distance,
            link=placement.link,
        ),
        *(
            Move(f.source, target, f.size, f.mtime_ns, contents[f.source], follows=placement.source)
            for f, target in zip(placement.followers, followers, strict=True)
        ),
    ]
