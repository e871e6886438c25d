"""Groups the images of a review anew, and keeps the corrections that still make sense.

- An image that a person put somewhere stays in that group.
- A group with a name that a person gave, or with images that a person put there, goes on as a new category only if its
  images are most of this category; of several, as the one with most of its images. The larger group chooses first. If
  there is no such category, it keeps only the images that were put there, and is gone if there are none: strangers
  never get a person's name because a few images of the group are among them. A group that a person made and left empty
  stays.
- Images in groups that are not categories (Outlayers, Unsorted and others) stay there.
- The other categories are replaced by new ones.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from imgsort.filing.planning.names import free_name
from imgsort.name_key import name_key
from imgsort.review.sorting.corrections import FIXED_KINDS, SortedGroup, Sorting, placed


def regrouped(sorting: Sorting, labels: Sequence[int], clusters: int) -> Sorting:
    """Return the sorting with other categories.

    `labels`: for each image the number of its new category, 0 for the largest, or -1 for none. `clusters`: the number
    of categories that was asked for.
    """
    fixed = {group.id for group in sorting.groups if group.kind in FIXED_KINDS}
    free = [n for n, group in enumerate(sorting.images) if n not in sorting.held and group not in fixed]
    new = {labels[number] for number in free if labels[number] >= 0}
    heirs = _heirs(sorting, labels, free)
    groups, of_label = _groups(sorting, heirs, sorted(new))
    images = list(sorting.images)
    for number in free:
        label = labels[number]
        images[number] = of_label[label] if label >= 0 else sorting.first_of("unsorted").id
    next_id = max([sorting.next_id, *(group.id + 1 for group in groups)])
    return replace(sorting, groups=groups, images=tuple(images), clusters=clusters, next_id=next_id)


def _heirs(sorting: Sorting, labels: Sequence[int], free: Sequence[int]) -> dict[int, int]:
    """Return for each group that goes on as a new category the label of this category.

    `free`: the numbers of the images that are grouped anew.
    """
    owners = {sorting.images[number] for number in sorting.held}
    lasting = {g.id for g in sorting.groups if g.kind not in FIXED_KINDS and (g.is_named or g.id in owners)}
    shared: dict[int, Counter[int]] = {group: Counter() for group in lasting}
    for number, group in enumerate(sorting.images):
        if group in lasting:
            shared[group][labels[number]] += 1
    incoming = Counter(labels[number] for number in free if labels[number] >= 0)
    own = Counter((sorting.images[number], labels[number]) for number in free)
    heirs: dict[int, int] = {}
    for group in sorted(lasting, key=lambda group: (-shared[group].total(), group)):
        left = [
            (count, -label)
            for label, count in shared[group].items()
            if label in incoming.keys() - heirs.values() and count > incoming[label] - own[group, label]
        ]
        if left:
            heirs[group] = -max(left)[1]
    return heirs


def _groups(
    sorting: Sorting, heirs: dict[int, int], new: Sequence[int]
) -> tuple[tuple[SortedGroup, ...], dict[int, int]]:
    """Return the groups after regrouping, and the id of the group of each new label."""
    lasting = {sorting.images[number] for number in sorting.held} | heirs.keys()
    lasting |= {group.id for group in sorting.groups if group.is_named}.difference(sorting.images)
    going_on = [group for group in sorting.groups if group.kind in FIXED_KINDS or group.id in lasting]
    of_label = {label: group for group, label in heirs.items()}
    unnamed = {group.id for group in going_on if group.id in heirs and not group.is_named}
    taken = {name_key(group.name) for group in going_on if group.id not in unnamed}
    digits = len(str(max(new, default=0) + 1))
    fresh: list[SortedGroup] = []
    names: dict[int, str] = {}
    next_id = sorting.next_id
    for label in new:
        if label in of_label and of_label[label] not in unnamed:
            continue
        names[label] = free_name(f"category_{label + 1:0{digits}d}", taken)
        taken.add(name_key(names[label]))
        if label not in of_label:
            of_label[label] = next_id
            fresh.append(SortedGroup(next_id, names[label], "category"))
            next_id += 1
    renamed = [replace(group, name=names[heirs[group.id]]) if group.id in unnamed else group for group in going_on]
    return placed(renamed, fresh), of_label
