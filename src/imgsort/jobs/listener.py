"""What a job says while it works. The command line listens; a script need not."""

from imgsort.features.models.weights import DownloadBar
from imgsort.learning.network.history import HistoryRow


class Listener:
    """Hears notices and progress, and does nothing with them. Override what is of interest."""

    def notice(self, text: str) -> None:
        """Hear something that a person should know although nothing failed."""

    def progress(self, task: str, done: int, total: int) -> None:
        """Hear that `done` of `total` images of a `task` are finished."""

    def trained(self, row: HistoryRow, total: int) -> None:
        """Hear how training goes: a step, of `total` at most, is done."""

    def download_bar(self, name: str) -> DownloadBar | None:
        """Return a progress bar for fetching the weights of the model `name`, or None for none."""
        return None


class Remembering(Listener):
    """Passes all on to another listener, and remembers the `notices`, for the result."""

    def __init__(self, listener: Listener | None) -> None:
        self.notices: list[str] = []
        self.listener = listener or Listener()

    def notice(self, text: str) -> None:
        """Remember a notice, and pass it on."""
        self.notices.append(text)
        self.listener.notice(text)

    def progress(self, task: str, done: int, total: int) -> None:
        """Pass it on."""
        self.listener.progress(task, done, total)

    def trained(self, row: HistoryRow, total: int) -> None:
        """Pass it on."""
        self.listener.trained(row, total)

    def download_bar(self, name: str) -> DownloadBar | None:
        """Return the other's bar."""
        return self.listener.download_bar(name)
