"""Wakes a watch up, and ends it, from any thread or from a signal handler."""

import contextlib
import queue
import time


class Bell:
    """What a watch waits for. `ring` wakes it up, and `end` ends it after the current batch.

    Both may be called at any time, from any thread and from a signal handler.
    """

    def __init__(self) -> None:
        # Unlike an Event, this queue may be filled by a signal handler that interrupts a thread which waits for it.
        self._rings: queue.SimpleQueue[None] = queue.SimpleQueue()
        self.has_ended = False

    def ring(self) -> None:
        """Wake the watch up: something may have happened."""
        if self._rings.empty():
            self._rings.put(None)

    def end(self) -> None:
        """End the watch after the current batch."""
        self.has_ended = True
        self._rings.put(None)

    def wait(self, seconds: float) -> bool:
        """Wait until somebody rings or ends the watch, for at most `seconds`. Return whether somebody did."""
        try:
            if not self.has_ended:
                self._rings.get(timeout=max(0.0, seconds))
        except queue.Empty:
            return False
        with contextlib.suppress(queue.Empty):
            while True:
                self._rings.get_nowait()
        return True

    def pause(self, seconds: float) -> None:
        """Wait for `seconds`, whoever rings: the next `wait` hears it. Only the end of the watch makes it shorter."""
        until = time.monotonic() + seconds
        has_rung = False
        while not self.has_ended and (left := until - time.monotonic()) > 0:
            has_rung = self.wait(left) or has_rung
        if has_rung:
            self.ring()
