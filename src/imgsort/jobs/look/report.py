"""Writes a report, one HTML file, of what a command does (`--report`) or of a past run (`imgsort report`)."""

import contextlib
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from imgsort.errors import ReportError, UsageError
from imgsort.features.cache.map_cache import MapCache
from imgsort.images.finding.find import require_folder
from imgsort.images.thumbnail import THUMBNAIL_SIDE_PX, encode_thumbnail
from imgsort.jobs.learn.steps.report import Mistake
from imgsort.jobs.listener import Listener
from imgsort.jobs.look.pages.heat import heat_pictures
from imgsort.jobs.look.pages.how import Watching
from imgsort.jobs.look.pages.page import page_of, page_of_run
from imgsort.jobs.look.pages.past_run import run_of, study_of_run
from imgsort.jobs.results import FilingResult, start_of_json
from imgsort.jobs.study import Study
from imgsort.jobs.thumbnails import Thumbnails
from imgsort.report.page import require_new_report, write_report
from imgsort.report.page_data import PageData

# Grad-CAM takes a tenth of a second an image.
_MOST_HEATS = 12

Result = TypeVar("Result")


@dataclass(frozen=True)
class ReportResult:
    """The report of a past run: the `file`, the id of the `run`, and how many images it shows."""

    collection: Path
    run: str
    file: Path
    images: int
    notices: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """Return the object that `--json` prints."""
        return {
            **start_of_json("report"),
            "collection": str(self.collection),
            "run": self.run,
            "report_file": str(self.file),
            "counts": {"images": self.images},
            "notices": list(self.notices),
        }


def with_report(
    job: Callable[..., Result], file: str | Path, *, command_line: str, listener: Listener | None = None, **options: Any
) -> Result:
    """Run a job, and write a report of its result to the new file `file`.

    `command_line`: shown in the report. `options`: those of the job. Raises UsageError if the file exists, and what the
    job raises; then there is no report.
    """
    file = require_new_report(Path(file))
    _require_names_of_their_own(file, options)
    with _watching(listener, has_cache=options.get("cache", True)) as watching:
        result = job(listener=watching, **options)
        heats = _heats(watching.study, result)
        numbers = {path: len(watching.pictures) + place for place, path in enumerate(heats)}
        data = page_of(result, watching, command_line, options, numbers)
        _write(file, data, [*watching.pictures, *heats.values()], result)
    return result


def with_report_of_run(
    job: Callable[[Listener], FilingResult],
    folder: Path,
    *,
    command_line: str,
    options: Mapping[str, Any],
    listener: Listener | None = None,
) -> FilingResult:
    """Run a job that files images, and write a report of its run into `folder`, under the id of the run.

    `options`: shown in the report. Nothing is written if no file was moved. Raises ReportError and what the job raises.
    """
    with _watching(listener, has_cache=options.get("cache", True)) as watching:
        result = job(watching)
        if result.run is not None:
            file = folder / f"{result.run}.html"
            _write(file, page_of(result, watching, command_line, options, {}), watching.pictures, result)
    return result


def _write(file: Path, data: PageData, pictures: Sequence[bytes | None], result: Any) -> None:
    try:
        write_report(file, data, pictures)
    except (OSError, UsageError) as error:
        raise _report_error(file, error, result) from error


def _require_names_of_their_own(file: Path, options: Mapping[str, Any]) -> None:
    """Raise UsageError if another option names the same file, before the command works for hours."""
    for name, value in options.items():
        if isinstance(value, str | Path) and os.path.abspath(value) == os.path.abspath(file):
            raise UsageError(f"{file}: --report and --{name.replace('_', '-')} name the same file. Give two names.")


def _report_error(file: Path, error: Exception, result: Any) -> ReportError:
    """Return an error that says that the command is done, but for its report."""
    reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
    run = getattr(getattr(result, "filing", result), "run", None)
    done = "The command itself is done" if run is None else f"The files are filed: `undo` takes back run {run}"
    remedy = "" if run is None else " `imgsort report` writes the page of a past run."
    return ReportError(
        f"{file}: the report cannot be written ({reason}). {done}.{remedy}", result, has_changed_files=run is not None
    )


def report_run(
    folder: str | Path,
    run: str | None = None,
    *,
    output: str | Path | None = None,
    listener: Listener | None = None,
) -> ReportResult:
    """Write a report of a past run of `folder`: of its newest one, or of the one with the id `run`.

    `output`: the new file, by default `FOLDER_RUN.html` in the current folder. Nothing else is changed. Raises
    CollectionError, NothingToUndoError, JournalError and UsageError.
    """
    root = require_folder(Path(folder))
    past = run_of(root, run)
    file = require_new_report(Path(f"{root.name}_{past.id}.html") if output is None else Path(output))
    with _watching(listener, has_cache=True) as watching:
        study = study_of_run(root, past, watching)
        watching.studied(study)
        write_report(file, page_of_run(past, watching), watching.pictures)
    return ReportResult(root, past.id, file, len(study.files), tuple(watching.notices))


@contextlib.contextmanager
def _watching(listener: Listener | None, *, has_cache: bool) -> Iterator[Watching]:
    """Give a listener that collects what a report shows, with the cache if thumbnails and maps are kept."""
    notice = (listener or Listener()).notice
    with contextlib.ExitStack() as opened:
        thumbnails = opened.enter_context(contextlib.closing(Thumbnails.opened(notice, has_cache=has_cache)))
        maps = opened.enter_context(contextlib.closing(MapCache(notice=notice))) if has_cache else None
        yield Watching(listener, thumbnails, maps)


def _heats(study: Study | None, result: Any) -> dict[str, bytes]:
    """Return the Grad-CAM pictures of the worst mistakes, by path."""
    mistakes: Sequence[Mistake] = getattr(result, "mistakes", ())[:_MOST_HEATS]
    if study is None or not mistakes:
        return {}
    file_of = {file.path: file for file in study.files}
    taken_for = {file_of[mistake.path]: mistake.taken_for for mistake in mistakes}
    classifier: Path = result.classifier
    pictures = heat_pictures(classifier, study.site.collection, taken_for, THUMBNAIL_SIDE_PX)
    return {path: encode_thumbnail(picture) for path, picture in pictures.items()}
