"""Tests that a watch wakes up when it is rung, and only then."""

import threading
import time

from imgsort.jobs.watch.inbox.bell import Bell


def seconds_of(call, *arguments):
    start = time.monotonic()
    call(*arguments)
    return time.monotonic() - start


def test_a_ring_ends_a_wait_and_is_heard_once():
    """However often it rings before, one wait returns at once, and the next one takes its time."""
    bell = Bell()
    for _ in range(3):
        bell.ring()
    assert bell.wait(5) is True
    assert bell.wait(0.01) is False


def test_a_ring_during_a_pause_is_heard_by_the_next_wait():
    """A pause lasts as long as it should; what happened meanwhile is not forgotten."""
    bell = Bell()
    bell.ring()
    assert seconds_of(bell.pause, 0.05) >= 0.05
    assert bell.wait(5) is True


def test_the_end_is_heard_by_every_wait_and_pause():
    """After the end nothing waits any more; a pause that has begun ends too."""
    bell = Bell()
    threading.Timer(0.05, bell.end).start()
    assert seconds_of(bell.pause, 30) < 10
    assert bell.has_ended
    assert seconds_of(bell.wait, 30) < 1
    assert seconds_of(bell.pause, 30) < 1
