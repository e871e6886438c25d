"""Works in threads and gives the results in order. A limited number of results wait for the caller."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


def core_count() -> int:
    """Return how many processors this process may use. An affinity or a container may limit the number."""
    import joblib

    return int(joblib.cpu_count())


def one_ahead(items: Iterable[Item]) -> Iterator[Item]:
    """Yield the items, none of which is None, in order, while a thread already makes the next one."""
    upcoming = iter(items)
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="imgsort-ahead") as pool:
        waiting: Future[Item | None] = pool.submit(next, upcoming, None)
        while (item := waiting.result()) is not None:
            waiting = pool.submit(next, upcoming, None)
            yield item


def stream(items: Iterable[Item], work: Callable[[Item], Result], ahead: int) -> Iterator[Result]:
    """Yield `work(item)` for every item, in order. As many threads as there are cores do the work.

    At most `ahead` results wait for the caller, so memory does not grow with the number of items.
    """
    upcoming = iter(items)
    with ThreadPoolExecutor(max_workers=core_count(), thread_name_prefix="imgsort-read") as pool:
        waiting: deque[Future[Result]] = deque()
        waiting.extend(pool.submit(work, item) for item in islice(upcoming, ahead))
        try:
            while waiting:
                yield waiting.popleft().result()
                waiting.extend(pool.submit(work, item) for item in islice(upcoming, 1))
        finally:
            for future in waiting:
                future.cancel()
