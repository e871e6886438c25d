"""Says in which folder Keras keeps its weights."""

import os
from pathlib import Path

from imgsort.errors import DownloadError, WeightsError
from imgsort.homes import KERAS, home_folder
from imgsort.temporary import is_private, private_folder


def keras_folder() -> Path:
    """Return Keras' folder: KERAS_HOME, or `.keras` in the user's home folder. It need not exist.

    A user without a home folder gets a temporary folder of this process. Raises WeightsError if there is no place for
    temporary files either.
    """
    if os.environ.get(KERAS):
        return Path(os.environ[KERAS])
    home = home_folder()
    if home is not None:
        return home / ".keras"
    try:
        return private_folder() / "keras"
    except OSError as error:
        raise WeightsError(f"there is no home folder for weights ({error.strerror}). Name one with {KERAS}.") from error


def require_kept(file: Path) -> None:
    """Raise DownloadError if a download to `file`, in Keras' folder, would be lost when this process ends."""
    if is_private(file):
        raise DownloadError(f"there is no home folder to keep {file.name} in; name a folder with {KERAS}")
