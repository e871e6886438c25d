"""Every error that imgsort raises on purpose, in one tree; each class carries its exit code.

    ImgsortError                exit 1: nothing was changed
    ├── CollectionError         the folder given is missing, empty or not a folder
    ├── TooFewImagesError       fewer readable images than the work needs
    ├── UsageError              exit 2: options that do not go together
    ├── PlanError               lines of an edited plan are wrong; all of them are named
    ├── UnreadableImageError    an image file cannot be read; commands turn it into a row with its reason
    │   └── TruncatedImageError ... because it ends before its end
    ├── StrictError             exit 3: `--strict`, and some image could not be read
    ├── WeightsError            a model's weights cannot be used
    │   └── DownloadError       ... because their host could not be reached; a default model may fall back
    ├── ConversionError         TensorFlow cannot convert a model for LiteRT
    ├── CacheError              what is kept between runs cannot be made smaller; a run itself does without it
    ├── DeviceError             the device asked for is not there
    ├── ClassifierError         a file is no classifier of imgsort's, or does not fit what is asked of it
    ├── ExportError             an exported model does not give the classifier's answers, or cannot be made
    ├── MissingPackageError     what was asked for needs a package that is not installed
    ├── LockedError             another imgsort works on the collection
    ├── JournalError            a file in `.imgsort` is not one that imgsort wrote
    │   └── ElsewhereError      ... or speaks of folders that are elsewhere
    ├── NothingToUndoError      no run is left to take back
    ├── StoppedError            exit 4: stopped part way; what was done can be undone
    └── InterruptedRunError     exit 130: the same, by Ctrl-C

A message names the path, the value received and the remedy.
"""


class ImgsortError(Exception):
    """An expected error. Its message is written for the person who typed the command."""

    exit_code = 1


class CollectionError(ImgsortError):
    """The folder given is missing, empty, or no folder."""


class TooFewImagesError(ImgsortError):
    """The collection holds fewer readable images than the command needs."""


class UsageError(ImgsortError):
    """Options that each are right but do not go together."""

    exit_code = 2


class PlanError(ImgsortError):
    """Lines of an edited plan cannot be carried out; nothing was moved.

    `errors`: (number of the line, reason) of each; the message names them too.
    """

    def __init__(self, message: str, errors: tuple[tuple[int, str], ...] = ()) -> None:
        super().__init__(message)
        self.errors = errors


class UnreadableImageError(ImgsortError):
    """One image file cannot be read. Its message is the reason alone: the path travels beside it."""


class TruncatedImageError(UnreadableImageError):
    """The file ends before its end, as a download that was broken off."""


class StrictError(ImgsortError):
    """`--strict` was given and some image could not be read; nothing was moved."""

    exit_code = 3


class WeightsError(ImgsortError):
    """A file of weights is missing, damaged, or not this model's."""


class DownloadError(WeightsError):
    """The host of the weights cannot be reached, answers an error, or stalls."""


class ConversionError(ImgsortError):
    """TensorFlow cannot turn the model into one that LiteRT runs."""


class CacheError(ImgsortError):
    """The cache cannot be cleared or made smaller."""


class DeviceError(ImgsortError):
    """The device asked for is not there."""


class ClassifierError(ImgsortError):
    """A file is none of imgsort's classifiers, was altered, or does not fit what is asked of it."""


class ExportError(ImgsortError):
    """A classifier cannot be exported, or gives other answers once it is."""


class MissingPackageError(ImgsortError):
    """What was asked for needs an optional package."""


class LockedError(ImgsortError):
    """Another process works on the collection."""


class JournalError(ImgsortError):
    """A file in `.imgsort` is not one that imgsort wrote, or does not fit the folder that it lies in."""


class ElsewhereError(JournalError):
    """A run was recorded for folders that were moved or renamed since."""


class NothingToUndoError(ImgsortError):
    """No run is in force."""


class StoppedError(ImgsortError):
    """A run stopped part way; what was done is in its journal, and `undo` takes it back.

    `result` is the result object of the command, as far as it came.
    """

    exit_code = 4

    def __init__(self, message: str, result: object) -> None:
        super().__init__(message)
        self.result = result


class InterruptedRunError(StoppedError):
    """Ctrl-C in the middle of the moves."""

    exit_code = 130
