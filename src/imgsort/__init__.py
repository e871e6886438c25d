"""Sorts a folder of images: groups images that look alike, finds images that do not belong, and loses no file.

Each function is imported on its first use, so `import imgsort` is quick. See `imgsort.jobs`.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from imgsort.version import __version__

if TYPE_CHECKING:
    from imgsort.errors import ImgsortError
    from imgsort.jobs.learn.audit import audit
    from imgsort.jobs.learn.classify import classify
    from imgsort.jobs.learn.compare import compare
    from imgsort.jobs.learn.evaluate import evaluate
    from imgsort.jobs.learn.explain import explain
    from imgsort.jobs.learn.export import export
    from imgsort.jobs.learn.predict import predict
    from imgsort.jobs.learn.train import train
    from imgsort.jobs.look.features import extract_features
    from imgsort.jobs.look.find import find
    from imgsort.jobs.look.report import report_run
    from imgsort.jobs.organize.apply import apply
    from imgsort.jobs.organize.categorize import categorize
    from imgsort.jobs.organize.check import check
    from imgsort.jobs.organize.history import history
    from imgsort.jobs.organize.outliers import find_outliers
    from imgsort.jobs.organize.undo import undo
    from imgsort.jobs.scale.embed import embed
    from imgsort.jobs.watch.watch import watch

__all__ = [
    "ImgsortError",
    "__version__",
    "apply",
    "audit",
    "categorize",
    "check",
    "classify",
    "compare",
    "embed",
    "evaluate",
    "explain",
    "export",
    "extract_features",
    "find",
    "find_outliers",
    "history",
    "predict",
    "report_run",
    "train",
    "undo",
    "watch",
]

_HOMES = {
    "ImgsortError": "imgsort.errors",
    "apply": "imgsort.jobs.organize.apply",
    "audit": "imgsort.jobs.learn.audit",
    "categorize": "imgsort.jobs.organize.categorize",
    "check": "imgsort.jobs.organize.check",
    "classify": "imgsort.jobs.learn.classify",
    "compare": "imgsort.jobs.learn.compare",
    "embed": "imgsort.jobs.scale.embed",
    "evaluate": "imgsort.jobs.learn.evaluate",
    "explain": "imgsort.jobs.learn.explain",
    "export": "imgsort.jobs.learn.export",
    "extract_features": "imgsort.jobs.look.features",
    "find": "imgsort.jobs.look.find",
    "find_outliers": "imgsort.jobs.organize.outliers",
    "history": "imgsort.jobs.organize.history",
    "predict": "imgsort.jobs.learn.predict",
    "report_run": "imgsort.jobs.look.report",
    "train": "imgsort.jobs.learn.train",
    "undo": "imgsort.jobs.organize.undo",
    "watch": "imgsort.jobs.watch.watch",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'imgsort' has no attribute {name!r}")
    value = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value
