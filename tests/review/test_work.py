import pytest

from imgsort.errors import CollectionError, InterruptedRunError, StoppedError
from imgsort.jobs.listener import Remembering
from imgsort.review.work import Worker


def ended(work):
    """Let a worker do `work`, which is asked to stop in the middle, and return the worker and what it told."""
    hearing = Remembering(None)
    worker = Worker(hearing)

    def begun():
        worker.ask_to_stop()
        return work(worker)

    worker.start("filing", begun)
    assert worker.stop(30)
    return worker, hearing.notices


def interrupted(worker):
    try:
        worker.progress("filing", 1, 2)
    except KeyboardInterrupt:
        raise InterruptedRunError("stopped, see `imgsort undo`", None) from None


def stopped(_):
    raise StoppedError("the disk is full", None)


def unreachable(_):
    raise CollectionError("gone")


def keeping_what_it_has(worker):
    try:
        worker.progress("training", 1, 2)
    except KeyboardInterrupt:
        return {"classifier": "x.keras"}


@pytest.mark.parametrize(
    ("work", "error"),
    [
        (interrupted, InterruptedRunError),
        (stopped, StoppedError),
        (keeping_what_it_has, KeyboardInterrupt),
        (lambda worker: worker.progress("filing", 1, 2), KeyboardInterrupt),
        (lambda _: {}, type(None)),
        (unreachable, type(None)),
    ],
)
def test_work_that_was_cut_short_leaves_its_error(work, error):
    """The review ends with it; other errors are told, because there is no page any more that says them."""
    worker, told = ended(work)
    assert type(worker.cut_short) is error and not worker.is_working
    assert told == (["gone"] if work is unreachable else [])
