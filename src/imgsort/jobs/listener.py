"""Listeners: they receive what a job reports while it works.

The command line listens. A script does not have to.
"""

from typing import TYPE_CHECKING

from imgsort.features.weights.fetching import DownloadBar
from imgsort.images.decoding.decoded import Onlooker, nobody
from imgsort.images.finding.leaving_out.left_out import LeftOut
from imgsort.jobs.study import Study
from imgsort.learning.network.history import HistoryRow

if TYPE_CHECKING:
    from imgsort.jobs.thumbnails import Thumbnails


class Listener:
    """Receives notices and progress, and does nothing with them.

    Override the methods that you need.
    """

    def notice(self, text: str) -> None:
        """Receive something that a person should know although nothing failed."""

    def progress(self, task: str, done: int, total: int) -> None:
        """Receive progress: `done` of `total` images of a `task` are finished."""

    def trained(self, row: HistoryRow, total: int) -> None:
        """Receive the progress of a training: one step, of at most `total` steps, is finished."""

    def studied(self, study: Study) -> None:
        """Receive what a command saw and decided, before anything is filed."""

    def download_bar(self, name: str) -> DownloadBar | None:
        """Return a progress bar for the download of the weights of the model `name`, or None for no bar."""
        return None

    def thumbnails(self) -> "Thumbnails | None":
        """Return who makes thumbnails of the images while they are read, or None if nobody wants any."""
        return None

    @property
    def onlooker(self) -> Onlooker:
        """Who is shown each picture that is decoded: whoever makes thumbnails, or nobody."""
        thumbnails = self.thumbnails()
        return nobody if thumbnails is None else thumbnails.see


class Remembering(Listener):
    """Passes everything on to another listener, and remembers the `notices` for the result."""

    def __init__(self, listener: Listener | None) -> None:
        self.notices: list[str] = []
        self.listener = listener or Listener()

    def notice(self, text: str) -> None:
        """Remember a notice, and pass it on. A notice that two steps of a command give is said once."""
        if text not in self.notices:
            self.notices.append(text)
            self.listener.notice(text)

    def notice_of(self, left_out: LeftOut) -> None:
        """Give a notice about what a listing left out, if it left out anything."""
        told = left_out.told()
        if told:
            self.notice(told)

    def progress(self, task: str, done: int, total: int) -> None:
        """Pass the progress on."""
        self.listener.progress(task, done, total)

    def trained(self, row: HistoryRow, total: int) -> None:
        """Pass the progress of the training on."""
        self.listener.trained(row, total)

    def studied(self, study: Study) -> None:
        """Pass the study on."""
        self.listener.studied(study)

    def download_bar(self, name: str) -> DownloadBar | None:
        """Return the progress bar of the other listener."""
        return self.listener.download_bar(name)

    def thumbnails(self) -> "Thumbnails | None":
        """Return what the other listener returns."""
        return self.listener.thumbnails()
