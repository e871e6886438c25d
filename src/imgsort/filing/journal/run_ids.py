"""Makes the ids of runs: an id is the time at which the run began, and it is later than all ids before it."""

import calendar
import re
import time

from imgsort.errors import JournalError

RUN_ID = re.compile(r"\d{8}-\d{6}-\d{3}")


def id_after(newest: str) -> str:
    """Return the id of a run that begins now; it sorts after the id `newest`, even if the clock went back."""
    now = _id_at(time.time_ns() // 1_000_000)
    run_id = now if now > newest else _id_at(_milliseconds_of(newest) + 1)
    if not RUN_ID.fullmatch(run_id):
        raise JournalError(f"runs/{newest}.jsonl: no later run can be recorded after this one. Remove the file.")
    return run_id


def _id_at(milliseconds: int) -> str:
    seconds, rest = divmod(milliseconds, 1000)
    return time.strftime("%Y%m%d-%H%M%S", time.gmtime(seconds)) + f"-{rest:03d}"


def _milliseconds_of(run_id: str) -> int:
    try:
        return calendar.timegm(time.strptime(run_id[:15], "%Y%m%d-%H%M%S")) * 1000 + int(run_id[16:19])
    except ValueError as error:
        raise JournalError(
            f"runs/{run_id}.jsonl: imgsort does not write files with such names. Remove the file."
        ) from error
