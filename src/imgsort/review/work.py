"""Does long work in a thread of its own, one piece at a time, and says how far it is."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from imgsort.errors import ImgsortError, NotNowError, StoppedError
from imgsort.jobs.listener import Listener
from imgsort.learning.network.history import HistoryRow


@dataclass(frozen=True)
class Progress:
    """How far the work is. `state`: `idle`, `working`, `done` or `failed`. `result`, `error`: JSON, or None."""

    task: str = ""
    done: int = 0
    total: int = 0
    state: str = "idle"
    result: dict[str, Any] | None = None
    error: dict[str, Any] | None = None


class Worker(Listener):
    """Works in a thread. As a listener it receives the progress of the work, and ends it if it shall stop.

    `listener` receives the notices of the work. `cut_short`: the error of work that ended early because it was asked to
    stop, or None.
    """

    def __init__(self, listener: Listener) -> None:
        self.now = Progress()
        self._listener = listener
        self._starting = threading.Lock()
        self._thread: threading.Thread | None = None
        self._is_stopping = threading.Event()
        self._was_interrupted = False
        self.cut_short: StoppedError | KeyboardInterrupt | None = None

    @property
    def is_working(self) -> bool:
        """Whether there is work that has not ended."""
        return self.now.state == "working"

    def start(self, task: str, work: Callable[[], dict[str, Any]]) -> None:
        """Begin with `work`, which returns its result as JSON. Raises NotNowError if other work has not ended."""
        with self._starting:
            if self.is_working or self._is_stopping.is_set():
                raise NotNowError("imgsort is still at work. Wait until it has finished.")
            self.now = Progress(task, state="working")
        # A daemon does not keep the process alive: at worst, work that does not stop is what a killed run is.
        self._thread = threading.Thread(target=self._work, args=(work,), name=f"imgsort {task}", daemon=True)
        self._thread.start()

    def ask_to_stop(self) -> None:
        """Ask the work to end early, and allow no other."""
        self._is_stopping.set()

    def stop(self, seconds: float) -> bool:
        """Ask the work to end early, wait for at most `seconds`, and say whether there is none any more."""
        self.ask_to_stop()
        if self._thread is not None:
            self._thread.join(seconds)
        return self._thread is None or not self._thread.is_alive()

    def notice(self, text: str) -> None:
        """Pass a notice on."""
        self._listener.notice(text)

    def progress(self, task: str, done: int, total: int) -> None:
        """Remember how far the work is. Ends the work, as Ctrl-C would, if it shall stop."""
        self._stop_if_asked()
        self.now = replace(self.now, task=task, done=done, total=total)

    def trained(self, row: HistoryRow, total: int) -> None:
        """Remember how far the training is."""
        self.progress(f"training the {row.stage}", row.step, total)

    def _stop_if_asked(self) -> None:
        if self._is_stopping.is_set():
            self._was_interrupted = True
            raise KeyboardInterrupt

    def _work(self, work: Callable[[], dict[str, Any]]) -> None:
        ended = replace(self.now, state="failed", error=described(RuntimeError("see the terminal of imgsort.")))
        try:
            result = work()
            ended = replace(self.now, state="done", result=result)
            if self._was_interrupted:  # training keeps what it has learned by then
                self.cut_short = KeyboardInterrupt("stopped.")
        except (ImgsortError, OSError) as error:
            ended = replace(self.now, state="failed", error=described(error))
            if self._is_stopping.is_set():  # there is no page any more that says it
                self._say_at_last(error)
        except KeyboardInterrupt as error:
            ended = replace(self.now, state="failed", error=described(KeyboardInterrupt("stopped.")))
            self.cut_short = error
        finally:  # even an error that nobody expects must not look like work
            self.now = ended

    def _say_at_last(self, error: ImgsortError | OSError) -> None:
        if isinstance(error, StoppedError):
            self.cut_short = error
        else:
            self.notice(str(error))


def described(error: BaseException) -> dict[str, Any]:
    """Return what the page is told of an error."""
    return {"type": type(error).__name__, "message": str(error)}
