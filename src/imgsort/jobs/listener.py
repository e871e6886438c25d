"""What a job says while it works. The command line listens; a script need not."""

from imgsort.features.weights import DownloadBar


class Listener:
    """Hears notices and progress, and does nothing with them. Override what is of interest."""

    def notice(self, text: str) -> None:
        """Hear something that a person should know although nothing failed."""

    def progress(self, task: str, done: int, total: int) -> None:
        """Hear that `done` of `total` images of a `task` are finished."""

    def download_bar(self, name: str) -> DownloadBar | None:
        """Return a progress bar for fetching the weights of the model `name`, or None for none."""
        return None
