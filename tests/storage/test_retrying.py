"""Requests are tried again with growing pauses, and not for ever."""

import pytest

from imgsort.errors import StorageError
from imgsort.storage.objects import Unanswered, Unmet
from imgsort.storage.retrying import ATTEMPTS, Busy, Patience, pause_seconds


def failing(times, answer="yes", error=Busy):
    """Return a request that fails so many times, and the list of its calls."""
    calls = []

    def request():
        calls.append(None)
        if len(calls) <= times:
            raise error("503 SlowDown")
        if isinstance(answer, Exception):
            raise answer
        return answer

    return request, calls


def test_answers_in_the_end():
    """A request that is refused now and then is answered, after pauses that grow."""
    pauses = []
    request, calls = failing(3)
    assert Patience("s3://x", pauses.append).answer(request) == "yes"
    assert len(calls) == 4 and len(pauses) == 3
    assert all(pause_seconds(number) <= 10 for number in range(40))
    assert pause_seconds(5) > pause_seconds(0)


def test_gives_up():
    """A request is given up after some attempts; after three such requests the store counts as down."""
    patience = Patience("s3://x", lambda _: None)
    for _ in range(2):
        request, calls = failing(99)
        with pytest.raises(Unanswered, match="503 SlowDown"):
            patience.answer(request)
        assert len(calls) == ATTEMPTS
    with pytest.raises(StorageError, match="s3://x"):
        patience.answer(failing(99)[0])


def test_an_answer_between_two_failures_counts():
    """Single objects that are never answered do not stop the others."""
    patience = Patience("s3://x", lambda _: None)
    for _ in range(5):
        with pytest.raises(Unanswered):
            patience.answer(failing(99)[0])
        assert patience.answer(failing(0)[0]) == "yes"


@pytest.mark.parametrize("times", [0, 2])
def test_a_condition_says_whether_the_request_was_sent_before(times):
    """A condition may be unmet because of the request itself, if it was sent twice."""
    with pytest.raises(Unmet) as caught:
        Patience("s3://x", lambda _: None).answer(failing(times, Unmet())[0])
    assert caught.value.was_retried == (times > 0)
