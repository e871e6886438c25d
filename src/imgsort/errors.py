"""Every error that imgsort raises on purpose, in one tree. Each class has an exit code.

    ImgsortError                exit 1: nothing was changed
    ├── CollectionError         the given folder is missing or empty, or it is not a folder
    ├── QueryError              the image or the folder that `find` is to look for cannot be used
    ├── TooFewImagesError       the collection has fewer readable images than the command needs
    ├── UsageError              exit 2: the options do not go together
    ├── PlanError               an edited plan has wrong lines; the message names all of them
    ├── CorrectionError         a correction in a review cannot be made
    ├── NotNowError             a review cannot do this now: it is at work, or its plan is applied
    ├── UnreadableImageError    an image file cannot be read; commands turn the error into a row with the reason
    │   └── TruncatedImageError ... because it is cut short
    ├── StrictError             exit 3: `--strict` was given, and an image could not be read
    ├── WeightsError            a model's weights cannot be used
    │   └── DownloadError       ... because they cannot be fetched; another model may replace a default one
    │       └── UnreachableError ... because a host does not answer; it is not asked again for a while
    ├── ConversionError         a model cannot be converted or compiled for a runtime
    ├── CacheError              the cache cannot be cleared or made smaller; other commands work without a cache
    ├── DeviceError             the requested device is not available
    ├── ClassifierError         a file is not a classifier of imgsort, or it does not fit the request
    ├── DatasetError            a dataset of features is not imgsort's, is damaged, or does not fit the request
    ├── EngineError             Ray cannot be started or joined, or its machines cannot do the work
    ├── ExportError             a classifier cannot be exported, or the exported model gives other answers
    ├── MissingPackageError     the request needs a package that is not installed
    ├── LockedError             another process of imgsort works on the collection
    ├── JournalError            a file in `.imgsort` was not written by imgsort
    │   └── ElsewhereError      ... or it names folders that are now elsewhere
    ├── NothingToUndoError      there is no run to undo
    ├── ReportError             the report cannot be written; exit 4 if files were changed, and undo can reverse that
    ├── OutputError             the result cannot be written to stdout; exit 4 if files were changed
    └── StoppedError            exit 4: a run stopped part way; `undo` can reverse what it did
        └── InterruptedRunError exit 130: ... because a person pressed Ctrl-C

A message names the path, the value that was received, and the remedy.
"""


class ImgsortError(Exception):
    """An expected error. Its message is written for the person who typed the command."""

    exit_code = 1


class CollectionError(ImgsortError):
    """The given folder is missing or empty, or it is not a folder."""


class QueryError(ImgsortError):
    """The image or the folder to look for is missing, or it cannot be read."""


class TooFewImagesError(ImgsortError):
    """The collection holds fewer readable images than the command needs."""


class UsageError(ImgsortError):
    """Each option is right by itself, but the options do not go together."""

    exit_code = 2


class PlanError(ImgsortError):
    """Lines of an edited plan cannot be carried out; nothing was moved.

    `errors` holds (line number, reason) for each wrong line. The message names them too.
    """

    def __init__(self, message: str, errors: tuple[tuple[int, str], ...] = ()) -> None:
        super().__init__(message)
        self.errors = errors


class CorrectionError(ImgsortError):
    """A correction in a review cannot be made; the sorting stays as it was."""


class NotNowError(ImgsortError):
    """A review cannot do this now: it is still at work, its plan is applied, or it has no features."""


class UnreadableImageError(ImgsortError):
    """One image file cannot be read. The message holds only the reason: the path is passed on separately."""


class TruncatedImageError(UnreadableImageError):
    """The file is cut short, for example by an interrupted download."""


class StrictError(ImgsortError):
    """`--strict` was given and an image could not be read; nothing was moved."""

    exit_code = 3


class WeightsError(ImgsortError):
    """A file of weights is missing or damaged, or it belongs to another model."""


class DownloadError(WeightsError):
    """Weights cannot be fetched: no host may be asked, or each one fails."""


class UnreachableError(DownloadError):
    """A host does not answer or stalls. The next command does not wait for it again."""


class ConversionError(ImgsortError):
    """TensorFlow cannot convert the model for LiteRT and OpenVINO, or OpenVINO cannot compile it."""


class CacheError(ImgsortError):
    """The cache cannot be cleared or made smaller."""


class DeviceError(ImgsortError):
    """The requested device is not available."""


class ClassifierError(ImgsortError):
    """A file is not a classifier of imgsort, was altered, or does not fit the request."""


class DatasetError(ImgsortError):
    """A dataset of features is not one that imgsort wrote, is damaged, or does not fit the request."""


class EngineError(ImgsortError):
    """Ray cannot be started or joined, or one of its machines cannot do the work."""


class ExportError(ImgsortError):
    """A classifier cannot be exported, or the exported model gives other answers."""


class MissingPackageError(ImgsortError):
    """The request needs an optional package that is not installed."""


class LockedError(ImgsortError):
    """Another process works on the collection."""


class JournalError(ImgsortError):
    """A file in `.imgsort` was not written by imgsort, or it does not fit the folder that holds it."""


class ElsewhereError(JournalError):
    """A run was recorded for folders that were moved or renamed later."""


class NothingToUndoError(ImgsortError):
    """There is no run to undo."""


class OutputError(ImgsortError):
    """The result of a command cannot be written to stdout, for example because the disk is full."""

    def __init__(self, message: str, exit_code: int = 1) -> None:
        super().__init__(message)
        self.exit_code = exit_code


class ReportError(ImgsortError):
    """The report of a command cannot be written. What the command itself did is done; `result` is its result."""

    def __init__(self, message: str, result: object, *, has_changed_files: bool) -> None:
        super().__init__(message)
        self.result = result
        self.exit_code = 4 if has_changed_files else 1


class StoppedError(ImgsortError):
    """A run stopped part way. Its journal records what it did, and `undo` reverses that.

    `result` is the result object of the command. It covers the work that was done before the stop.
    """

    exit_code = 4

    def __init__(self, message: str, result: object) -> None:
        super().__init__(message)
        self.result = result


class InterruptedRunError(StoppedError):
    """A person pressed Ctrl-C while files were being moved."""

    exit_code = 130
