"""Collects how a result was made, while a command works: what it saw, and how long each stage took."""

import time
from collections.abc import Sequence
from functools import partial

from imgsort.features.cache.map_cache import MapCache
from imgsort.jobs.listener import Listener, Remembering
from imgsort.jobs.session.maps import map_of
from imgsort.jobs.study import Asked, Study
from imgsort.jobs.thumbnails import Thumbnails
from imgsort.report.page_data import Made
from imgsort.version import __version__

# The stage after the last progress of reading: PCA, K-Means, neighbours.
_DECIDING = "deciding"


class Studying(Remembering):
    """Passes everything on to another listener, and remembers the study and the seconds of each stage.

    Thumbnails are made while images are read.
    """

    def __init__(self, listener: Listener | None, thumbnails: Thumbnails) -> None:
        super().__init__(listener)
        self.study: Study | None = None
        self._thumbnails = thumbnails
        self.seconds: dict[str, float] = {}
        self._since = time.monotonic()

    def progress(self, task: str, done: int, total: int) -> None:
        """Count the time since the last progress for this task."""
        self._count(task)
        super().progress(task, done, total)

    def studied(self, study: Study) -> None:
        """Remember the study. The time since the last progress was needed to decide."""
        self._count(_DECIDING)
        self.study = study
        super().studied(study)

    def thumbnails(self) -> Thumbnails:
        """Return where thumbnails are kept, so that they are made while images are read."""
        return self._thumbnails

    def _count(self, stage: str) -> None:
        now = time.monotonic()
        self.seconds[stage] = self.seconds.get(stage, 0.0) + now - self._since
        self._since = now


class Watching(Studying):
    """Collects all that a report shows of a study.

    `pictures`: a thumbnail, or None, for each image that a search looked for, and then for each image of the study.
    They are made before anything is filed, because afterwards the images lie elsewhere. `places`: the map, (x, y) from
    0 to 1 for each image, or empty.
    """

    def __init__(self, listener: Listener | None, thumbnails: Thumbnails, maps: MapCache | None) -> None:
        super().__init__(listener, thumbnails)
        self.pictures: list[bytes | None] = []
        self.places: list[tuple[float, float]] = []
        self._maps = maps

    def studied(self, study: Study) -> None:
        """Make thumbnails and the map."""
        super().studied(study)
        root, asked = study.site.collection, Asked((), ()) if study.asked is None else study.asked
        files, contents = (*asked.files, *study.files), (*asked.contents, *study.contents)
        self.pictures = self._thumbnails.all_of(root, files, contents, partial(self.progress, "thumbnails"))
        self._count("thumbnails")
        # What was looked for has no place on a map of what was found, and a page has places for all images or for none.
        places = map_of(study, self._maps) if study.files and study.asked is None else None
        self.places = [] if places is None else [(round(float(x), 4), round(float(y), 4)) for x, y in places]
        self._count("map")


def made_by(watching: Studying, command_line: str, facts: Sequence[tuple[str, str]]) -> Made:
    """Describe how a result was made: command, facts, versions, unreadable files, notices and seconds of each stage."""
    study = watching.study
    unreadable = () if study is None else study.unreadable
    return Made(
        command_line,
        facts=(*facts, *_versions()),
        seconds=tuple((stage, round(seconds, 2)) for stage, seconds in watching.seconds.items()),
        unreadable=tuple((row.path, row.reason) for row in unreadable),
        notices=tuple(watching.notices),
    )


def _versions() -> list[tuple[str, str]]:
    import importlib.metadata
    import platform

    packages = ("numpy", "scikit-learn", "opencv-python-headless", "pillow")
    return [
        ("imgsort", __version__),
        ("Python", platform.python_version()),
        *((name, importlib.metadata.version(name)) for name in packages),
    ]
