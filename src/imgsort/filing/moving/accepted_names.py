"""Finds out which new names the file system of a destination does not take, and chooses others for them.

exFAT, NTFS and SMB refuse `: ? * " < > |`, a dot or a space at the end, and names of devices; some take fewer bytes.
What they refuse is written as `%XX`, the way a URL writes it, or is cut. The run's file keeps both names, so that an
undo brings the old one back.
"""

import contextlib
import errno
import os
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path

from imgsort.filing.journal import category_folders
from imgsort.filing.journal.run import Run
from imgsort.filing.journal.state import refuse_unless, state_folder
from imgsort.filing.paths import exists, join, name_of, parent_of
from imgsort.filing.planning.names import free_names, names_beside, suffix_of
from imgsort.filing.planning.plan import Plan
from imgsort.filing.planning.units import units
from imgsort.filing.shortcomings import Shortcoming, note
from imgsort.name_key import name_key

_REFUSED_SOMEWHERE = frozenset('<>:"|?*\\') | {chr(code) for code in (*range(32), 127)}
_DEVICES = {"con", "prn", "aux", "nul", *(f"{port}{number}" for port in ("com", "lpt") for number in range(1, 10))}
# Every file system that holds photographs takes names of ASCII letters of this length.
_SURELY_SHORT_BYTES = 100
_SHORTER_BYTES = (200, _SURELY_SHORT_BYTES, 60)
_TRY_FOLDER = "names"


def replace_refused_names(run: Run) -> None:
    """Choose other names for those that the destination does not take, and record them before the first move.

    The caller holds the locks. Raises OSError.
    """
    plan = run.plan
    wanted = {*map(name_of, plan.made), *(name_of(move.target) for move in plan.moves)}
    fitting = dict(_fitting(state_folder(plan.site.destination), sorted(filter(_may_be_refused, wanted))))
    if not fitting:
        return
    folders = _renamed_folders(plan, fitting)
    moves = _renamed_moves(plan, fitting, folders)
    run.rename(moves, folders)
    for number, target in moves.items():
        if name_of(target) != name_of(plan.moves[number].target):
            note(Shortcoming.NAMES, target, f"{name_of(plan.moves[number].target)!r}")
    for old, new in folders.items():
        if name_of(new) != name_of(old):
            note(Shortcoming.NAMES, new, f"{name_of(old)!r}")


def encoded(name: str) -> str:
    """Return a name that every file system takes, if it is short enough: what some refuse becomes `%XX`."""
    parts = [_percent(character) if _is_odd(character) else character for character in name]
    if name[-1:] in (".", " "):
        parts[-1] = _percent(name[-1])
    if name.partition(".")[0].strip().casefold() in _DEVICES:
        parts[0] = _percent(name[0])
    return "".join(parts)


def _percent(character: str) -> str:
    return "".join(f"%{byte:02X}" for byte in os.fsencode(character))


def _is_odd(character: str) -> bool:
    # A byte that is not UTF-8 is a surrogate.
    return character in _REFUSED_SOMEWHERE or "\ud800" <= character <= "\udfff"


def _may_be_refused(name: str) -> bool:
    return encoded(name) != name or len(os.fsencode(name)) > _SURELY_SHORT_BYTES


def _fitting(state: Path, names: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield each of `names` that the file system of `state` refuses, and the first other name that it takes."""
    if not names:
        return
    folder = state / _TRY_FOLDER
    refuse_unless(folder, stat.S_ISDIR)
    with contextlib.suppress(FileExistsError):
        os.mkdir(folder)
    try:
        for name in names:
            if not _is_taken_by(folder, name):
                candidates = [encoded(name), *(_cut(encoded(name), most) for most in _SHORTER_BYTES)]
                yield name, next((other for other in candidates if _is_taken_by(folder, other)), candidates[-1])
    finally:
        with contextlib.suppress(OSError):
            os.rmdir(folder)


def _is_taken_by(folder: Path, name: str) -> bool:
    """Say whether a file in `folder` can have this very name. Raises OSError if the disk is full or read-only."""
    path = folder / name
    try:
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    except FileExistsError:  # a killed run left it
        return True
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EROFS):
            raise
        return False
    try:
        # Some file systems drop a dot or a space at the end without a word.
        return name_key(name) in map(name_key, os.listdir(folder))
    finally:
        os.unlink(path)


def _cut(name: str, most_bytes: int) -> str:
    suffix = suffix_of(name)
    stem = name.removesuffix(suffix)
    while len(os.fsencode(stem + suffix)) > most_bytes:
        stem = stem[:-1]
    return stem.rstrip(" .") + suffix


def _renamed_folders(plan: Plan, fitting: dict[str, str]) -> dict[str, str]:
    """Return the new path of each folder that gets another one, or that lies in such a folder."""
    destination = plan.site.destination
    origins = category_folders.origins(destination)
    renamed: dict[str, str] = {}
    taken = {name_key(path) for path in plan.made}
    for path in plan.made:
        parent = renamed.get(parent_of(path), parent_of(path))
        name = fitting.get(name_of(path), name_of(path))
        if join(parent, name) == path:
            continue
        new = join(parent, name)
        if not (origins.get(new) == path and (destination / new).is_dir()):

            def is_free(names: Sequence[str], parent: str = parent) -> bool:
                other = join(parent, names[0])
                return name_key(other) not in taken and not exists(destination / other)

            new = join(parent, free_names([name], is_free)[0])
        taken.add(name_key(new))
        renamed[path] = new
    return renamed


def _renamed_moves(plan: Plan, fitting: dict[str, str], folders: dict[str, str]) -> dict[int, str]:
    """Return the new target of each move that gets another one, by its number."""
    destination = plan.site.destination

    def path_of(target: str) -> str:
        return join(folders.get(parent_of(target), parent_of(target)), name_of(target))

    taken = {name_key(path_of(move.target)) for move in plan.moves}
    renamed: dict[int, str] = {}
    for unit in units(plan.moves, range(len(plan.moves))):
        targets = [plan.moves[number].target for number in unit]
        folder = folders.get(parent_of(targets[0]), parent_of(targets[0]))
        old = [name_of(target) for target in targets]
        image = fitting.get(old[0], old[0])
        beside = old[1:] if image == old[0] else names_beside(old[0], image, old[1:])
        new = [image, *(fitting.get(name, name) for name in beside)]
        if new != old:
            taken.difference_update(name_key(path_of(target)) for target in targets)

            def are_free(names: Sequence[str], folder: str = folder) -> bool:
                paths = [join(folder, name) for name in names]
                return not any(name_key(path) in taken or exists(destination / path) for path in paths)

            new = free_names(new, are_free)
        for number, target, name in zip(unit, targets, new, strict=True):
            if join(folder, name) != target:
                renamed[number] = join(folder, name)
            taken.add(name_key(join(folder, name)))
    return renamed
