"""Makes the parts of the page of an audit: what lies in the wrong class, and what else was found of the classes."""

from collections.abc import Iterator

from imgsort.jobs.learn.audit import AuditResult
from imgsort.jobs.organize.steps.findings import Finding
from imgsort.report.page_data import TableSection

_MARKED, _LIKELIER = "marked as wrong", "another class is likelier"
_IN_TWO, _LIKE_NONE = "in two classes", "like no class"


def findings_of_audit(result: AuditResult) -> tuple[Finding, ...]:
    """Return all that an audit says of single images, in the form in which a page shows findings."""
    return tuple(_findings(result))


def _findings(result: AuditResult) -> Iterator[Finding]:
    for is_marked in (True, False):
        for found in result.findings:
            if found.marked is is_marked:
                reason = _MARKED if is_marked else _LIKELIER
                detail = (
                    f"lies in {found.is_of}, looks like {found.suggested}: probability {found.probability:.2f}, "
                    f"score {found.score:.2f}"
                )
                yield Finding(found.path, reason, detail=detail)
    for pair in result.in_two_classes:
        how = "has the same bytes as" if pair.same_bytes else "looks the same as"
        yield Finding(pair.paths[1], _IN_TWO, detail=f"{how} {pair.paths[0]}")
    for odd in result.like_no_class:
        yield Finding(
            odd.path, _LIKE_NONE, detail=f"lies in {odd.is_of}: distance {odd.distance:.3f}, score {odd.score:.1f}"
        )


def mixed_table(result: AuditResult) -> TableSection:
    """Return the pairs of classes that are mixed up, the largest share first."""
    rows = tuple(
        (*pair.classes, pair.images, pair.share, "look like one class" if pair.look_like_one else "")
        for pair in result.mixed
    )
    columns = ("class", "and class", "images that look like the other one", "share of both", "")
    return TableSection("Classes that are mixed up", columns, rows)
