import threading
import time

import pytest

from imgsort.images.stream import core_count, stream


class Work:
    """Gives back what it gets, and counts what was begun."""

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
        """Wait until `expected` items have been begun, and a little longer, then say how many have."""
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
    """Whichever thread is done first, results come in the order of the items."""

    def slow_at_first(item: int) -> int:
        time.sleep(0.02 if item % 3 == 0 else 0)
        return -item

    assert list(stream(range(30), slow_at_first, ahead=7)) == [-item for item in range(30)]


@pytest.mark.parametrize("ahead", [1, 4])
def test_no_more_than_ahead_results_wait(ahead):
    """Work keeps `ahead` of whoever takes the results and goes no further, so memory stays bounded."""
    work = Work()
    for taken, _ in enumerate(stream(range(12), work, ahead)):
        expected = min(12, taken + ahead)
        assert work.settled(expected) == expected
    assert work.begun == 12


def test_items_are_taken_as_they_are_needed():
    """An endless source of items is no trouble, and nothing is begun before the first result is asked for."""
    work = Work()
    results = stream(iter(int, 1), work, ahead=3)
    assert work.settled(0) == 0
    assert [next(results), next(results)] == [0, 0]
    results.close()


def test_closing_early_stops_the_work(reading_threads):
    """Whoever has had enough gets away soon: what was not begun is left and no thread stays behind."""
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
    """An error that nobody expected is not swallowed, and leaves no thread."""

    def work(item: int) -> int:
        return 1 // (3 - item)

    with pytest.raises(ZeroDivisionError):
        list(stream(range(20), work, ahead=8))
    assert not reading_threads()


def test_no_items_no_results():
    """Nothing to do gives nothing."""
    assert list(stream([], Work(), ahead=4)) == []


def test_there_is_a_core():
    """At least one, as many as this process may use at most."""
    assert core_count() >= 1
