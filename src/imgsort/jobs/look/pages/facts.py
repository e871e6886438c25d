"""Says in pairs of words how a result was made: the model, the counts and the options."""

from collections.abc import Mapping
from functools import singledispatch
from pathlib import Path
from typing import Any

from imgsort.filing.journal.run import Run
from imgsort.jobs.learn.audit import AuditResult
from imgsort.jobs.learn.classify import ClassifyResult
from imgsort.jobs.learn.compare import CompareResult
from imgsort.jobs.learn.evaluate import EvaluateResult
from imgsort.jobs.learn.train import TrainResult
from imgsort.jobs.look.find import FindResult
from imgsort.jobs.organize.check import CheckResult
from imgsort.jobs.results import FilingResult, ModelRecord
from imgsort.jobs.study import Study

Facts = list[tuple[str, str]]

# Options whose names in Python differ from those on the command line.
_SPELLINGS = {
    "max_outliers": "max",
    "max_marked": "max",
    "min_side_px": "min-side",
    "reasons": "reason",
    "sidecar_patterns": "sidecar",
}


def facts_of(result: Any, study: Study | None, options: Mapping[str, Any]) -> Facts:
    """Return the facts of a command's result."""
    return [*facts_of_model(None if study is None else study.model), *_counts(result), *facts_of_options(options)]


def facts_of_run(run: Run, study: Study) -> Facts:
    """Return the facts of a past run, as far as its record has them."""
    return [
        ("run", run.id),
        ("started", run.started),
        ("status", str(run.status)),
        ("mode", str(run.plan.site.mode)),
        ("moves", str(len(run.plan.moves))),
        ("images shown", str(len(study.files))),
        *facts_of_model(study.model),
    ]


def facts_of_model(model: ModelRecord | None) -> Facts:
    """Return what a page says of the model that made a result."""
    if model is None:
        return []
    instead = [] if model.fallback is None else [("instead of", model.fallback)]
    return [
        ("model", model.name),
        *instead,
        ("weights", model.weights),
        ("SHA-256 of the weights", model.sha256),
        ("runs by", f"{model.runtime}, in {model.precision}"),
        ("looks at", f"{model.size_px} x {model.size_px} pixels, {model.fit}"),
        ("pooling", model.pooling),
    ]


def facts_of_options(options: Mapping[str, Any]) -> Facts:
    """Return the options of a command, given or not, as the command line spells them. Those that are off are left out.

    The options that name folders and files are on the command line.
    """
    shown = {
        _SPELLINGS.get(name, name.replace("_", "-")): _spelled(value)
        for name, value in options.items()
        if value not in (None, False, "", (), []) and not isinstance(value, Path)
    }
    return [(f"--{name}", value) for name, value in sorted(shown.items())]


def _spelled(value: Any) -> str:
    if isinstance(value, tuple | list):
        return ", ".join(map(_spelled, value))
    return "yes" if value is True else f"{value:g}" if isinstance(value, float) else str(value)


@singledispatch
def _counts(result: Any) -> Facts:
    raise TypeError(f"{type(result).__name__}: there is no page for this result")


@_counts.register
def _of_filing(result: FilingResult) -> Facts:
    counts = {
        "images": result.images,
        "folders": len(result.folders),
        "moves": len(result.moves),
        "sidecars": result.sidecars,
        "left as they are": len(result.refused),
        "unreadable": len(result.unreadable),
    }
    return [(name, str(count)) for name, count in counts.items()]


@_counts.register
def _of_check(result: CheckResult) -> Facts:
    return [*_of_filing(result.filing), ("findings", str(len(result.findings)))]


@_counts.register
def _of_audit(result: AuditResult) -> Facts:
    return [
        *_of_filing(result.filing),
        ("marked as wrong", str(len(result.marked))),
        ("another class is likelier", str(len(result.findings) - len(result.marked))),
    ]


@_counts.register
def _of_classify(result: ClassifyResult) -> Facts:
    return [*_of_filing(result.filing), ("files from a confidence of", f"{result.confidence:g}")]


@_counts.register
def _of_find(result: FindResult) -> Facts:
    return [*_of_filing(result.filing), ("found", str(len(result.matches)))]


@_counts.register
def _of_evaluate(result: EvaluateResult) -> Facts:
    return [
        ("images", str(result.evaluation.images)),
        ("classes", str(len(result.evaluation.per_class))),
        ("of them trained with", str(result.learned_from)),
        ("unreadable", str(len(result.unreadable))),
    ]


@_counts.register
def _of_train(result: TrainResult) -> Facts:
    parts = {part: sum(getattr(row, part) for row in result.classes) for part in ("train", "validation", "test")}
    return [
        ("model", result.model),
        ("looks at", f"{result.size_px} x {result.size_px} pixels"),
        ("classes", str(len(result.classes))),
        *((f"images to {_PURPOSES[part]}", str(count)) for part, count in parts.items()),
        ("unreadable", str(len(result.unreadable))),
        ("files from a confidence of", f"{result.confidence:g}"),
    ]


_PURPOSES = {"train": "learn from", "validation": "choose by", "test": "judge by (shown here)"}


@_counts.register
def _of_compare(result: CompareResult) -> Facts:
    return [("models", str(len(result.models))), ("unreadable", str(len(result.unreadable)))]
