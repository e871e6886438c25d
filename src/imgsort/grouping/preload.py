"""Imports scikit-learn, which takes a second, in a thread while images are read."""

import importlib
import threading


def preload() -> None:
    """Begin the import and return at once. Whoever imports it later waits for what is left."""
    threading.Thread(target=importlib.import_module, args=("sklearn.cluster",), name="imgsort-preload").start()
