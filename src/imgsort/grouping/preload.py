"""Imports scikit-learn in a thread while images are read, because the import takes a second."""

import importlib
import threading


def preload() -> None:
    """Start the import and return at once. Code that imports it later waits only for the rest."""
    threading.Thread(target=importlib.import_module, args=("sklearn.cluster",), name="imgsort-preload").start()
