"""Puts a folder of images in order: groups what looks alike, finds what does not belong, loses nothing.

The functions are imported on first use, so that `import imgsort` is quick; see `imgsort.jobs`.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from imgsort.version import __version__

if TYPE_CHECKING:
    from imgsort.errors import ImgsortError
    from imgsort.jobs.apply import apply
    from imgsort.jobs.categorize import categorize
    from imgsort.jobs.check import check
    from imgsort.jobs.classify import classify, predict
    from imgsort.jobs.compare import compare
    from imgsort.jobs.evaluate import evaluate
    from imgsort.jobs.explain import explain
    from imgsort.jobs.export import export
    from imgsort.jobs.features import extract_features
    from imgsort.jobs.history import history
    from imgsort.jobs.outliers import find_outliers
    from imgsort.jobs.train import train
    from imgsort.jobs.undo import undo

__all__ = [
    "ImgsortError",
    "__version__",
    "apply",
    "categorize",
    "check",
    "classify",
    "compare",
    "evaluate",
    "explain",
    "export",
    "extract_features",
    "find_outliers",
    "history",
    "predict",
    "train",
    "undo",
]

_HOMES = {
    "ImgsortError": "imgsort.errors",
    "apply": "imgsort.jobs.apply",
    "categorize": "imgsort.jobs.categorize",
    "check": "imgsort.jobs.check",
    "classify": "imgsort.jobs.classify",
    "compare": "imgsort.jobs.compare",
    "evaluate": "imgsort.jobs.evaluate",
    "explain": "imgsort.jobs.explain",
    "export": "imgsort.jobs.export",
    "extract_features": "imgsort.jobs.features",
    "find_outliers": "imgsort.jobs.outliers",
    "history": "imgsort.jobs.history",
    "predict": "imgsort.jobs.classify",
    "train": "imgsort.jobs.train",
    "undo": "imgsort.jobs.undo",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'imgsort' has no attribute {name!r}")
    value = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value
