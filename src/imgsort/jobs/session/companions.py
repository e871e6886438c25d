"""Says how many files look like companions of images that left their folder, and stayed behind."""

import shlex
from collections.abc import Sequence

from imgsort.errors import UsageError
from imgsort.filing.paths import name_of, parent_of
from imgsort.filing.planning.plan import Plan
from imgsort.filing.planning.site import Mode
from imgsort.images.finding.left_behind import LeftFile, files_left_behind, image_names
from imgsort.jobs.session.collection import OpenCollection
from imgsort.sidecar_names.owners import find_owners
from imgsort.sidecar_names.rules import SidecarRules

# How many patterns are tried for the advice that the notice gives.
_MOST_PATTERNS = 10
_GOING = {Mode.MOVE: "move", Mode.COPY: "are copied", Mode.HARDLINK: "are linked", Mode.SYMLINK: "are linked"}
_GONE = {Mode.MOVE: "moved", Mode.COPY: "were copied", Mode.HARDLINK: "were linked", Mode.SYMLINK: "were linked"}


def tell_of_companions_left(collection: OpenCollection, plan: Plan, refused: Sequence[str], *, is_done: bool) -> None:
    """Give a notice if files that look like companions of the plan's images stay behind.

    `refused`: the files of the plan that stayed. `is_done`: whether the plan was carried out. A person who leaves
    sidecars on purpose is told nothing.
    """
    if not collection.settings.sidecars:
        return
    stayed = set(refused)
    images = [move.source for move in plan.moves if move.follows is None and move.source not in stayed]
    files = collection.listing.files
    known = {move.source for move in plan.moves} | {file.path for file in files}
    known |= {sidecar.path for file in files for sidecar in file.sidecars}
    known |= {row.path for row in collection.listing.unreadable}
    left = files_left_behind(plan.site.collection, images, known)
    left = _without_owners(collection, left)
    if left:
        collection.hearing.notice(_notice(left, plan.site.mode, collection.settings.sidecar_rules, is_done=is_done))


def _without_owners(collection: OpenCollection, left: Sequence[LeftFile]) -> list[LeftFile]:
    """Return those of the files that are not the sidecar of an image that is still there.

    A command may have looked at some images only. Of the others, it does not know the sidecars.
    """
    alone = []
    by_folder: dict[str, list[LeftFile]] = {}
    for file in left:
        by_folder.setdefault(parent_of(file.path), []).append(file)
    for folder, files in by_folder.items():
        names = image_names(collection.site.collection / folder)
        owners = find_owners(names, [name_of(file.path) for file in files], collection.settings.sidecar_rules)
        alone += [file for file in files if name_of(file.path) not in owners]
    return alone


def _notice(left: Sequence[LeftFile], mode: Mode, rules: SidecarRules, *, is_done: bool) -> str:
    by_pattern: dict[str, list[LeftFile]] = {}
    for file in left:
        if file.is_beside:
            by_pattern.setdefault(file.pattern, []).append(file)
    commonest = sorted(by_pattern.values(), key=len, reverse=True)[:_MOST_PATTERNS]
    helped = next((files for files in commonest if _pattern_helps(files[0], rules)), [])
    example = helped[0] if helped else left[0]
    one = len(left) == 1
    files = "1 file looks like a companion" if one else f"{len(left)} files look like companions"
    stay = ("was" if one else "were") if is_done else "would be"
    text = f"{files} of photos that {(_GONE if is_done else _GOING)[mode]} and {stay} left, for example {example.path}."
    if not helped:
        return text
    them = f"{len(helped)} of them" if len(helped) < len(left) else "it" if one else "them"
    return f"{text} --sidecar {shlex.quote(example.pattern)} takes {them} along."


def _pattern_helps(file: LeftFile, rules: SidecarRules) -> bool:
    """Say whether a file stayed behind only because nobody gave its pattern."""
    image, name = name_of(file.image), name_of(file.path)
    try:
        found = find_owners([image], [name], SidecarRules.of([file.pattern]))
    except UsageError:
        return False
    return bool(found) and not find_owners([image], [name], rules)
