"""Sends sidecars after their images, where the watch was killed between the two."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from imgsort.filing.journal.run import Run, Status
from imgsort.filing.journal.runs import begin, load_run
from imgsort.filing.moving.apply import apply_run
from imgsort.filing.paths import exists
from imgsort.filing.planning.plan import Move, Plan
from imgsort.filing.planning.site import Mode


def send_stragglers(root: Path, settled: Iterable[str], command: str) -> int:
    """File the sidecars that the killed runs of `command` left behind, as further runs, and return how many.

    A killed run is not continued. Its images that are not filed yet are taken again, but a sidecar without its image
    would stay for ever. `settled`: the ids of killed runs that are in order now. The caller holds the locks. Raises
    JournalError and OSError.
    """
    sent = 0
    for run_id in dict.fromkeys(settled):
        run = load_run(root, run_id)
        if run.command == command and run.status is Status.INTERRUPTED:
            moves = tuple(replace(move, follows=None) for move in _left_behind(run))
            if moves:
                plan = Plan(run.plan.site, made=(), categories=(), moves=moves, folders=())
                outcome = apply_run(begin(plan, command, run.model), (), lambda done, total: None)
                sent += len(moves) - len(outcome.refused) if outcome.stopped is None else 0
    return sent


def _left_behind(run: Run) -> Iterator[Move]:
    site = run.plan.site
    images = {move.source: move for move in run.plan.moves if move.follows is None}
    for move in run.plan.moves:
        if move.follows is None or exists(site.destination / move.target) or not exists(site.collection / move.source):
            continue
        image = images[move.follows]
        is_filed = exists(site.destination / image.target)
        if is_filed and (site.mode is not Mode.MOVE or not exists(site.collection / image.source)):
            yield move
