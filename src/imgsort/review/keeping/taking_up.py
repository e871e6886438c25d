"""Takes up the corrected sorting of an earlier review, for the images that are here now."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from imgsort.errors import CorrectionError
from imgsort.images.finding.find import ImageFile
from imgsort.name_key import name_key
from imgsort.review.keeping.offer import KeptGroup, KeptImage, Offer
from imgsort.review.sorting.corrections import FIXED_KINDS, SortedGroup, Sorting, placed
from imgsort.review.sorting.folder_names import checked_name


def taken_up(sorting: Sorting, offer: Offer, files: Sequence[ImageFile], contents: Sequence[str]) -> Sorting:
    """Return the sorting with every image that the offer knows in the group that it has there.

    An image is known by its path and its bytes, or only by its bytes if no other image has these. The other images stay
    in the groups that they have in `sorting`; so do images of a group that no person could make now. Categories that
    are empty then are gone, unless the offer has them.
    """
    groups = {name_key(group.name): group for group in sorting.groups}
    next_id = sorting.next_id
    ids: list[int | None] = []
    for kept in offer.groups:
        group = _same(kept, groups)
        if kept.name == "." or (group is None and not _can_be_made(kept)):
            ids.append(None)  # what goes directly into the folder has a name of its own there
            continue
        if group is None:
            group = SortedGroup(next_id, kept.name, kept.kind, kept.is_named)
            next_id += 1
        elif group.kind not in FIXED_KINDS:
            group = replace(group, is_named=kept.is_named or group.is_named)
        groups[name_key(group.name)] = group
        ids.append(group.id)
    images, held = list(sorting.images), set(sorting.held)
    for number, found in enumerate(_found(offer.images, files, contents)):
        group_id = None if found is None else ids[found.group]
        if found is not None and group_id is not None:
            images[number] = group_id
            held.discard(number)
            held.update([number] if found.is_held else [])
    same = [old == new and n not in held for n, (old, new) in enumerate(zip(sorting.images, images, strict=True))]
    lasting = {*images, *(number for number in ids if number is not None)}
    kept_groups = [group for group in groups.values() if group.id in lasting or group.kind in FIXED_KINDS]
    return Sorting(
        placed(kept_groups, []),
        tuple(images),
        frozenset(held),
        offer.clusters if sorting.clusters is not None else None,
        next_id,
        tuple(distance if stays else None for distance, stays in zip(sorting.distances, same, strict=False)),
    )


def _can_be_made(kept: KeptGroup) -> bool:
    """Say whether a person could give this name to a new group."""
    try:
        return checked_name(kept.name) == kept.name
    except CorrectionError:
        return False


def _same(kept: KeptGroup, groups: dict[str, SortedGroup]) -> SortedGroup | None:
    """Return the group that a kept group is now. There is only one group for images that stay."""
    if kept.kind == "stays":
        return next(group for group in groups.values() if group.kind == "stays")
    return groups.get(name_key(kept.name))


def _found(kept: Sequence[KeptImage], files: Sequence[ImageFile], contents: Sequence[str]) -> list[KeptImage | None]:
    """Return for each image what was kept of it."""
    by_both = {(image.path, image.content): image for image in kept}
    counts, now = Counter(image.content for image in kept), Counter(contents)
    by_content = {image.content: image for image in kept if counts[image.content] == 1}
    return [
        by_both.get((file.path, content)) or (by_content.get(content) if now[content] == 1 else None)
        for file, content in zip(files, contents, strict=True)
    ]
