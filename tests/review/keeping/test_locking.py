import os
import subprocess
import sys

import pytest

from imgsort.errors import JournalError, LockedError
from imgsort.filing.journal.locking.lock import locked
from imgsort.review.keeping.locking import reviewing

HOLD = (
    "import sys, time; from pathlib import Path; from imgsort.review.keeping.locking import reviewing\n"
    "with reviewing(Path(sys.argv[1])): print('held', flush=True); time.sleep(60)"
)


def test_a_second_review_is_refused_until_the_first_ends(tmp_path):
    """One review at a time; afterwards nothing is left of it."""
    with reviewing(tmp_path), pytest.raises(LockedError, match="imgsort review"), reviewing(tmp_path):
        pass
    assert os.listdir(tmp_path) == []
    with reviewing(tmp_path):
        pass


def test_a_killed_review_does_not_hold_the_folder(tmp_path):
    """The system releases the lock of a process that was killed."""
    process = subprocess.Popen([sys.executable, "-c", HOLD, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    with process:
        assert process.stdout.readline() == "held\n"
        with pytest.raises(LockedError), reviewing(tmp_path):
            pass
        process.kill()
    with reviewing(tmp_path):
        pass


def test_a_review_does_not_hold_the_lock_of_runs(tmp_path):
    """Another command may file images while a page is open."""
    with reviewing(tmp_path), locked([tmp_path], "categorize"):
        pass


def test_what_is_kept_stays_and_what_was_there_before(tmp_path):
    """The folder is removed only if nothing is in it, and `.imgsort` only if the review made it."""
    (tmp_path / "kept").mkdir()
    with reviewing(tmp_path / "kept") as folder:
        (folder / "categorize.json").write_text("{}")
    assert (tmp_path / "kept" / ".imgsort" / "review" / "categorize.json").exists()
    (tmp_path / "used" / ".imgsort").mkdir(parents=True)
    with reviewing(tmp_path / "used"):
        pass
    assert (tmp_path / "used" / ".imgsort").is_dir() and not (tmp_path / "used" / ".imgsort" / "review").exists()


def test_an_output_that_does_not_exist_yet_is_gone_afterwards(tmp_path):
    """For copies, the state lies in the output: a review without an end leaves no folders."""
    with reviewing(tmp_path / "new" / "out"):
        pass
    assert os.listdir(tmp_path) == []


def test_a_link_in_place_of_the_folder_is_refused(tmp_path):
    """A folder from a stranger may hold a link that leads elsewhere."""
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "in" / ".imgsort").mkdir(parents=True)
    (tmp_path / "in" / ".imgsort" / "review").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(JournalError), reviewing(tmp_path / "in"):
        pass
    assert os.listdir(tmp_path / "elsewhere") == []
