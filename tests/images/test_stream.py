import threading
import time

import pytest

from imgsort.images.stream import core_count, one_ahead, stream


class Work:
    """Returns the negative of each item, and counts the items that were begun."""

    def __init__(self) -> None:
        self.begun = 0
        self.pause_seconds = 0.0
        self._lock = threading.Lock()

    def __call__(self, item: int) -> int:
        with self._lock:
            self.begun += 1
        time.sleep(self.pause_seconds)
        return -item

    def settled(self, expected: int) -> int:
        """Wait until `expected` items were begun, then a little longer, and return how many were begun."""
        deadline = time.monotonic() + 10
        while self.begun < expected and time.monotonic() < deadline:
            time.sleep(0.001)
        time.sleep(0.02)
        return self.begun


@pytest.fixture
def reading_threads():
    def alive() -> list[str]:
        return [thread.name for thread in threading.enumerate() if thread.name.startswith("imgsort-read")]

    assert not alive()
    return alive


def test_results_come_in_order():
    """Results come in the order of the items, whichever thread finishes first."""

    def slow_at_first(item: int) -> int:
        time.sleep(0.02 if item % 3 == 0 else 0)
        return -item

    assert list(stream(range(30), slow_at_first, ahead=7)) == [-item for item in range(30)]


@pytest.mark.parametrize("ahead", [1, 4])
def test_no_more_than_ahead_results_wait(ahead):
    """The work runs `ahead` items before the taker of the results and no further, so memory stays bounded."""
    work = Work()
    for taken, _ in enumerate(stream(range(12), work, ahead)):
        expected = min(12, taken + ahead)
        assert work.settled(expected) == expected
    assert work.begun == 12


def test_items_are_taken_as_they_are_needed():
    """The source of items may be endless, and nothing is begun before the first result is requested."""
    work = Work()
    results = stream(iter(int, 1), work, ahead=3)
    assert work.settled(0) == 0
    assert [next(results), next(results)] == [0, 0]
    results.close()


def test_closing_early_stops_the_work(reading_threads):
    """A stream that is closed early stops soon: it begins no more items and leaves no thread."""
    work, items = Work(), range(10 * core_count())
    work.pause_seconds = 0.05
    results = stream(items, work, ahead=len(items))
    next(results)
    assert reading_threads()
    results.close()
    assert not reading_threads()
    begun = work.begun
    assert begun < len(items)
    assert work.settled(0) == begun


def test_an_error_in_the_work_reaches_the_taker(reading_threads):
    """An unexpected error in the work reaches the taker of the results, and leaves no thread."""

    def work(item: int) -> int:
        return 1 // (3 - item)

    with pytest.raises(ZeroDivisionError):
        list(stream(range(20), work, ahead=8))
    assert not reading_threads()


def test_no_items_no_results():
    """A stream without items gives no results."""
    assert list(stream([], Work(), ahead=4)) == []


def test_there_is_a_core():
    """This process may use at least one core."""
    assert core_count() >= 1


def test_one_is_made_ahead():
    """All items come, in order; the next one is made while this one is used; an error comes where it happened."""
    made = []

    def making():
        for number in range(4):
            made.append(number)
            yield number
        raise OSError("the end")

    seen = []
    with pytest.raises(OSError, match="the end"):
        for item in one_ahead(making()):
            seen.append(item)
            deadline = time.monotonic() + 10
            while len(made) < min(item + 2, 4) and time.monotonic() < deadline:
                time.sleep(0.001)
            assert len(made) == min(item + 2, 4)
    assert seen == [0, 1, 2, 3]
