"""Finds the names in a folder that decide which sidecars a few images have, without a look at all the others."""

from collections.abc import Collection, Set

from imgsort.name_key import name_key
from imgsort.sidecar_names import takeout
from imgsort.sidecar_names.rules import SidecarRules, image_keys


def related_names(names: Collection[str], to: Set[str], rules: SidecarRules) -> set[str]:
    """Return those of the `names` in one folder that are in `to`, or that have to do with their sidecars.

    Two names have to do with each other if one may be the sidecar of the other, if both may have the same sidecar, or
    if that leads from one to the other over further names. So for the images in `to`, `find_owners` gives the same
    answer for the related names as for all.
    """
    found = {name for name in names if name in to}
    keys = {key for name in found for key in _keys(name, rules)}
    others = [name for name in names if name not in found]
    if not any(map(rules.may_be_sidecar, found)):
        # This is so most of the time, and spares a look at the images that wait in a large folder.
        candidates = filter(rules.may_be_sidecar, others)
        if all(keys.isdisjoint(_keys(name, rules)) for name in candidates):
            return found
    left = {name: _keys(name, rules) for name in others}
    while new := [name for name, own in left.items() if not keys.isdisjoint(own)]:
        found.update(new)
        for name in new:
            keys |= left.pop(name)
    return found


def _keys(name: str, rules: SidecarRules) -> set[str]:
    """Return what a name has in common with the sidecars of an image of this name, and with the images it points to."""
    cuts = {name_key(beginning) for beginning in takeout.beginnings(name)}
    return image_keys(name) | cuts | {front.key for front in rules.fronts(name)}
