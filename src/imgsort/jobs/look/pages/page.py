"""Makes the whole page of a result: images, groups, map, the sections of its command, and how it was made."""

from collections.abc import Mapping
from dataclasses import replace
from functools import singledispatch
from pathlib import Path
from typing import TYPE_CHECKING, Any

from imgsort.filing.journal.run import Run
from imgsort.grouping.silhouettes import silhouettes_of
from imgsort.jobs.learn.audit import AuditResult
from imgsort.jobs.learn.classify import ClassifyResult
from imgsort.jobs.learn.compare import CompareResult
from imgsort.jobs.learn.evaluate import EvaluateResult
from imgsort.jobs.learn.train import TrainResult
from imgsort.jobs.look.find import FindResult
from imgsort.jobs.look.pages.audited import findings_of_audit, mixed_table
from imgsort.jobs.look.pages.facts import facts_of, facts_of_run
from imgsort.jobs.look.pages.filed import (
    confidences_of,
    distances_of,
    findings_section,
    folders_of,
    groups_of,
    outliers_section,
)
from imgsort.jobs.look.pages.how import Watching, made_by
from imgsort.jobs.look.pages.judged import comparison_table, confidence_curve, evaluation_section, training_curves
from imgsort.jobs.look.pages.kinds import way_of
from imgsort.jobs.organize.check import CheckResult
from imgsort.jobs.results import FilingResult
from imgsort.jobs.study import Study
from imgsort.report.page_data import Group, Images, Made, PageData

if TYPE_CHECKING:
    from collections.abc import Sequence

_NOTHING_MADE = Made("")


def page_of(
    result: Any, watching: Watching, command_line: str, options: Mapping[str, Any], heats: Mapping[str, int]
) -> PageData:
    """Return the page of a command's result. `heats`: the number of the Grad-CAM picture of each path that has one."""
    page = _page(result, watching.study, heats)
    made = made_by(watching, command_line, facts_of(result, watching.study, options))
    return replace(page, made=made, images=replace(page.images, places=watching.places))


def page_of_run(run: Run, watching: Watching) -> PageData:
    """Return the page of a past run, whose study `watching` has received."""
    study = watching.study
    assert study is not None
    page = replace(_page_of_study(study, str(run.status), folders_of(study)), run=run.id)
    # The seconds are those of making the report, which say nothing of the run.
    made = replace(made_by(watching, f"imgsort {run.command}", facts_of_run(run, study)), seconds=())
    return replace(page, made=made, images=replace(page.images, places=watching.places))


@singledispatch
def _page(result: Any, study: Study | None, heats: Mapping[str, int]) -> PageData:
    raise TypeError(f"{type(result).__name__}: there is no page for this result")


@_page.register
def _of_filing(result: FilingResult, study: Study | None, heats: Mapping[str, int]) -> PageData:
    page = _filed(result, study)
    if study is None or result.outliers is None:
        return page
    return replace(page, outliers=outliers_section(study, result.outliers))


@_page.register
def _of_check(result: CheckResult, study: Study | None, heats: Mapping[str, int]) -> PageData:
    if study is None:
        return _filed(result.filing, study)
    page = _page_of_study(study, result.filing.status, folders_of(study, result.findings))
    return replace(page, run=result.filing.run, findings=findings_section(study, result.findings))


@_page.register
def _of_audit(result: AuditResult, study: Study | None, heats: Mapping[str, int]) -> PageData:
    page = _filed(result.filing, study)
    if study is None:
        return page
    tables = (mixed_table(result),) if result.mixed else ()
    return replace(page, findings=findings_section(study, findings_of_audit(result)), tables=tables)


@_page.register
def _of_classify(result: ClassifyResult, study: Study | None, heats: Mapping[str, int]) -> PageData:
    return _filed(result.filing, study)


@_page.register
def _of_find(result: FindResult, study: Study | None, heats: Mapping[str, int]) -> PageData:
    """Return what was looked for first, and then what was found, the most alike first."""
    empty = replace(_filed(result.filing, None), run=result.filing.run)
    if study is None or study.asked is None:
        return empty
    asked = [_name_of_asked(Path(file.path), study.site.collection) for file in study.asked.files]
    names = [*asked, *(match.path for match in result.matches)]
    distances = [*(None for _ in asked), *(match.distance for match in result.matches)]
    numbers = [0 if number < len(asked) else 1 for number in range(len(names))]
    groups = (Group("looked for", "query"), Group("found", "match"))
    return replace(empty, images=Images(names, numbers, distances), groups=groups)


def _name_of_asked(file: Path, collection: Path) -> str:
    """Return the path in the collection, or the name of a file elsewhere: a page says nothing of other folders."""
    return file.relative_to(collection).as_posix() if file.is_relative_to(collection) else file.name


@_page.register
def _of_evaluate(result: EvaluateResult, study: Study | None, heats: Mapping[str, int]) -> PageData:
    page = _of_classes("evaluate", result.collection.name, "done", study)
    if study is None or study.judged is None:
        return page
    section = evaluation_section(study, study.judged, result.evaluation, result.mistakes, heats)
    return replace(page, evaluation=section, curves=(confidence_curve(study.judged),))


@_page.register
def _of_train(result: TrainResult, study: Study | None, heats: Mapping[str, int]) -> PageData:
    page = replace(
        _of_classes("train", result.collection.name, result.status, study), curves=training_curves(result.history)
    )
    if study is None or study.judged is None or result.evaluation is None:
        return page
    section = evaluation_section(study, study.judged, result.evaluation, result.mistakes, heats)
    return replace(page, evaluation=section, curves=(*page.curves, confidence_curve(study.judged)))


@_page.register
def _of_compare(result: CompareResult, study: Study | None, heats: Mapping[str, int]) -> PageData:
    page = _empty("compare", result.collection.name, result.status)
    return replace(page, tables=(comparison_table(result.models),))


def _filed(result: FilingResult, study: Study | None) -> PageData:
    if study is None:
        return replace(_empty(result.command, result.collection.name, result.status), run=result.run)
    page = replace(_page_of_study(study, result.status, folders_of(study)), run=result.run)
    if not study.is_by_class:
        return page
    return replace(page, images=replace(page.images, confidences=confidences_of(study)))


def _of_classes(command: str, title: str, status: str, study: Study | None) -> PageData:
    """Return the page of images that lie in folders of classes."""
    if study is None or study.judged is None:
        return _empty(command, title, status)
    folders = [study.judged.classes[label] for label in study.judged.labels]
    page = _page_of_study(study, status, folders)
    confidences = [round(float(value), 4) for value in study.judged.probabilities.max(axis=1)]
    groups = tuple(replace(group, kind="class") for group in page.groups)
    return replace(page, title=title, groups=groups, images=replace(page.images, confidences=confidences))


def _page_of_study(study: Study, status: str, folders: "Sequence[str | None]") -> PageData:
    groups, numbers = groups_of(folders, way_of(study))
    images = Images([file.path for file in study.files], numbers, distances_of(study))
    if study.matrix is not None and len(study.files):
        groups = _with_silhouettes(study, groups, numbers)
    return PageData(study.command, study.site.collection.name, status, images, groups, _NOTHING_MADE)


def _with_silhouettes(study: Study, groups: tuple[Group, ...], numbers: "Sequence[int]") -> tuple[Group, ...]:
    import numpy as np

    assert study.matrix is not None
    labels = np.array([-1 if groups[number].kind == "stays" else number for number in numbers], np.intp)
    found = silhouettes_of(study.matrix, labels)
    return tuple(replace(group, silhouette=found.get(number)) for number, group in enumerate(groups))


def _empty(command: str, title: str, status: str) -> PageData:
    return PageData(command, title, status, Images((), ()), (), _NOTHING_MADE)
