"""Allows one review of a collection at a time, and gives it a folder for what it keeps."""

import contextlib
import os
import stat
from collections.abc import Iterator
from pathlib import Path

from imgsort.filing.journal.locking.lock import held
from imgsort.filing.journal.state import make_state_folder, refuse_unless
from imgsort.filing.paths import STATE_FOLDER


@contextlib.contextmanager
def reviewing(root: Path) -> Iterator[Path]:
    """Give the folder `.imgsort/review` of `root`, which no other review uses meanwhile.

    The system releases its lock when the process dies. A folder that is of no more use is removed. Raises LockedError
    at once if another review works here, and JournalError.
    """
    made = [path for path in (root, *root.parents) if not path.exists()]
    existed = (root / STATE_FOLDER).is_dir()
    state = make_state_folder(root)
    folder = state / "review"
    refuse_unless(folder, stat.S_ISDIR)
    folder.mkdir(exist_ok=True)

    def tidy() -> None:
        if set(os.listdir(folder)) <= {"lock"}:
            os.unlink(folder / "lock")
            os.rmdir(folder)
            if not existed:
                for path in (state / "runs", state, *made):
                    os.rmdir(path)

    with held(folder, root, "review", tidy):
        yield folder
