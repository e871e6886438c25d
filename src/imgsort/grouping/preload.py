"""Imports scikit-learn in a thread while images are read, because the import takes a second."""

import atexit
import contextlib
import importlib
import threading

# So long the end of the process waits for the import. It takes about a second.
_LONGEST_SECONDS = 5.0


def preload() -> None:
    """Start the import and return at once. Code that imports it later waits only for the rest.

    A Ctrl-C that arrives in the middle of an import of the main thread may leave the lock of that module taken, for
    which the thread would wait for ever. So the process does not: it waits a few seconds, and then ends without it.
    """
    thread = threading.Thread(target=_import, name="imgsort-preload", daemon=True)
    thread.start()
    atexit.register(thread.join, _LONGEST_SECONDS)


def _import() -> None:
    # An interrupted import leaves half a module behind. The code that needs this one imports it again, and fails aloud.
    with contextlib.suppress(Exception):
        importlib.import_module("sklearn.cluster")
