"""Compares the two files of a run that moved files to another root: each one confirms the other.

Such a run has its file in both roots. An untrusted journal cannot name our folders, because it has no twin there.
"""

from imgsort.errors import JournalError
from imgsort.filing.journal.run import Run, run_path
from imgsort.filing.journal.run_file import MAX_RUN_FILE_BYTES, write_at
from imgsort.filing.journal.runs import load_run
from imgsort.filing.journal.state import read_bounded


def has_twin(run: Run) -> bool:
    """Say whether every root has the run's file."""
    return all(run_path(root, run.id).is_file() for root in run.plan.site.roots)


def require_twin(run: Run) -> None:
    """Check that a run which moved files to another root has the same record in both roots.

    One of the two may lack the last events. Raises JournalError if the twin is missing or differs, so that an
    untrusted journal cannot name our folders.
    """
    _twin_texts(run)


def level_twin(run: Run) -> None:
    """Check as `require_twin` does, and add the events that one of the two files lacks. The caller holds the locks."""
    texts = _twin_texts(run)
    if not texts or texts[0] == texts[1]:
        return
    roots = run.plan.site.roots
    behind = roots[0] if len(texts[0]) < len(texts[1]) else roots[1]
    shorter, longer = sorted(texts, key=len)
    write_at(run_path(behind, run.id), len(shorter), longer[len(shorter) :])
    whole = load_run(behind, run.id)
    run.events, run.plan = whole.events, whole.plan


def _twin_texts(run: Run) -> list[bytes]:
    roots = run.plan.site.roots
    if len(roots) < 2:
        return []
    texts = []
    for root in roots:
        path = run_path(root, run.id)
        data = read_bounded(path, MAX_RUN_FILE_BYTES)
        if data is None:
            here = next(run_path(other, run.id) for other in roots if other != root)
            raise JournalError(
                f"{path}: the other half of run {run.id} is missing, so the run is left alone. Bring that folder "
                f"back, or remove {here} to go on without the run."
            )
        texts.append(data[: data.rfind(b"\n") + 1])
    shorter, longer = sorted(texts, key=len)
    if not longer.startswith(shorter) or shorter.count(b"\n") < len(run.plan.moves) + 2:
        raise JournalError(f"run {run.id} is recorded differently in {roots[0]} and {roots[1]}; it is left alone.")
    return texts
