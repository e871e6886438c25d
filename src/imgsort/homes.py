"""Finds the user's home folder, and gives libraries another one where there is none, or none that can be written to.

Without it, Keras reads its settings from `/tmp/.keras`, which anybody may have made, and Matplotlib warns, or makes its
folder in the current one.
"""

import os
from pathlib import Path

from imgsort.temporary import can_write, private_folder

KERAS = "KERAS_HOME"
_MATPLOTLIB = "MPLCONFIGDIR"


def home_folder() -> Path | None:
    """Return the user's home folder, which need not exist, or None: a service may have no user and no HOME."""
    try:
        home = Path.home()
    except RuntimeError:
        return None
    return home if home.is_absolute() else None


def give_libraries_homes() -> None:
    """Before Keras or Matplotlib is imported: name a folder for its files, unless the user's folder will do."""
    home = home_folder()
    if KERAS not in os.environ and not (home is not None and home.is_dir() and can_write(home)):
        settings = None if home is None else home / ".keras"
        # Settings that cannot be written still count.
        os.environ[KERAS] = str(settings) if settings is not None and settings.is_dir() else _own("keras")
    if _MATPLOTLIB not in os.environ and not all(map(can_write, _matplotlib_folders(home))):
        os.environ[_MATPLOTLIB] = _own("matplotlib")


def _matplotlib_folders(home: Path | None) -> list[Path]:
    """Return the folders for the settings and for the cache of Matplotlib."""
    folders = [("XDG_CONFIG_HOME", ".config"), ("XDG_CACHE_HOME", ".cache")]
    return [Path(os.environ.get(name) or (home or Path(os.devnull)) / default) for name, default in folders]


def _own(name: str) -> str:
    try:
        folder = private_folder() / name
        folder.mkdir(exist_ok=True)
        return str(folder)
    except OSError:
        return os.devnull  # there are no settings to read, and none can be written
