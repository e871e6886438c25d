"""Finds out what a hard link looks like at the place of the files, before the first file is moved.

On most file systems, both names of a hard link show one inode number. On sshfs and mergerfs they may show two, because
these number files by their paths: there, nobody can tell a link from a copy. Others have no links at all.
"""

import contextlib
import errno
import os
import stat
from dataclasses import dataclass
from pathlib import Path

from imgsort.filing.journal.run import Links, Run
from imgsort.filing.journal.state import refuse_unless, state_folder
from imgsort.filing.moving.one_file.checks import is_same_file

_PROBE, _ITS_LINK = "probe", "probe.link"


@dataclass(frozen=True)
class Place:
    """What hard links show at the place of a run's files. `devices`: the file systems where this was found out."""

    links: Links
    devices: frozenset[int]

    def tells_links_on(self, device: int) -> bool:
        """Say whether both names of a link on the file system `device` are surely seen to be one file."""
        return self.links is Links.TOLD and device in self.devices


def place_of(run: Run) -> Place:
    """Return what is known of the place of a run; if nothing is, find it out and record it in the run's file.

    The caller holds the locks. Raises OSError.
    """
    folders = [state_folder(root) for root in run.plan.site.roots]
    links = run.links
    if links is None:
        found = {_probe(folder) for folder in folders}
        links = next(worse for worse in (Links.HIDDEN, Links.REFUSED, Links.TOLD) if worse in found)
        run.add("probe", links=links)
    return Place(links, frozenset(os.lstat(folder).st_dev for folder in folders))


def _probe(folder: Path) -> Links:
    probe, link = folder / _PROBE, folder / _ITS_LINK
    _remove(probe, link)
    os.close(os.open(probe, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    try:
        os.link(probe, link, follow_symlinks=False)
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EROFS):
            raise
        return Links.REFUSED
    else:
        return Links.TOLD if is_same_file(os.lstat(probe), os.lstat(link)) else Links.HIDDEN
    finally:
        _remove(link, probe)


def _remove(*paths: Path) -> None:
    for path in paths:
        refuse_unless(path, stat.S_ISREG)
        with contextlib.suppress(FileNotFoundError):
            os.unlink(path)
