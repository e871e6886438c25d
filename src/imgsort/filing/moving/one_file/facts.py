"""Gives a copy the owner, mode, times and extended attributes of its file, as far as the new place keeps them.

What it does not keep is noted as a shortcoming: the file is filed all the same.
"""

import contextlib
import os
import stat
from pathlib import Path

from imgsort.filing.shortcomings import Shortcoming, note

# The system gives attributes of the other namespaces by its own rules, for example SELinux' labels.
_OWN_ATTRIBUTES = ("user.", "system.posix_acl_")


def keep_facts(source: Path, descriptor: int, copy: Path, target: Path) -> None:
    """Give the file `copy`, open as `descriptor`, which will be `target`, what `source` has beside its bytes.

    Raises OSError if one of the two is gone.
    """
    status = os.lstat(source)
    _keep_owner(status, descriptor, target)
    _keep_attributes(source, copy, target)
    set_mode(copy, stat.S_IMODE(status.st_mode), target)
    set_times(copy, status.st_atime_ns, status.st_mtime_ns, target)


def set_times(path: Path, atime_ns: int, mtime_ns: int, target: Path | None = None) -> None:
    """Set a file's times, or note of its `target` that they cannot be set here."""
    try:
        os.utime(path, ns=(atime_ns, mtime_ns))
    except OSError as error:
        note(Shortcoming.TIMES, target or path, error)


def set_mode(path: Path, mode: int, target: Path | None = None) -> None:
    """Set a file's mode, or note of its `target` that it has another one and keeps it."""
    try:
        os.chmod(path, mode)
    except OSError as error:
        if stat.S_IMODE(os.lstat(path).st_mode) != mode:
            note(Shortcoming.MODE, target or path, error)


def _keep_owner(status: os.stat_result, descriptor: int, target: Path) -> None:
    if not hasattr(os, "fchown"):
        return
    try:
        os.fchown(descriptor, status.st_uid, status.st_gid)
    except OSError as error:
        if os.fstat(descriptor).st_uid != status.st_uid:
            note(Shortcoming.OWNER, target, error)
        with contextlib.suppress(OSError):  # who may not give a file away may still give it to an own group
            os.fchown(descriptor, -1, status.st_gid)


def _keep_attributes(source: Path, copy: Path, target: Path) -> None:
    """Copy the extended attributes, of which the access list is one. Only Linux has these calls in Python."""
    if not hasattr(os, "listxattr"):
        return
    try:
        names = [name for name in os.listxattr(source) if name.startswith(_OWN_ATTRIBUTES)]
    except OSError:  # the old place has none
        return
    lost = None
    for name in names:
        try:
            os.setxattr(copy, name, os.getxattr(source, name))
        except OSError as error:
            lost = error
    if lost is not None:
        note(Shortcoming.ATTRIBUTES, target, lost)
