from pathlib import Path

import numpy as np

from imgsort.filing.planning.plan import Placement
from imgsort.filing.planning.site import Site
from imgsort.images.finding.find import ImageFile
from imgsort.jobs.look.pages.filed import (
    distances_of,
    findings_section,
    folders_of,
    groups_of,
    outliers_section,
)
from imgsort.jobs.organize.steps.findings import Finding
from imgsort.jobs.results import Outlier
from imgsort.jobs.study import Study
from imgsort.report.page_data import Duplicates, Group, OutlierRow


def study(paths, placed=(), **fields):
    files = tuple(ImageFile(path, 1, 1) for path in paths)
    placements = tuple(Placement(path, 1, 1, "c", folder, distance) for path, folder, distance in placed)
    return Study("categorize", Site(Path("/x"), Path("/x")), files, tuple(paths), placements, **fields)


def test_the_largest_group_comes_first_and_what_stays_last():
    """Groups are ordered by size; special folders come after the categories, and what stays comes last."""
    folders = ["b", None, None, None, "Unsorted", "a", "Unsorted", "Unsorted", "a"]
    groups, numbers = groups_of(folders, "categorize")
    assert groups == (
        Group("a", "category"),
        Group("b", "category"),
        Group("Unsorted", "unsorted"),
        Group("stays where it is", "stays"),
    )
    assert numbers == [1, 3, 3, 3, 2, 0, 2, 2, 0]


def test_distances_are_those_of_the_placements():
    """An image has the distance of its placement, and none if it stays; outliers have it of every image."""
    assert distances_of(study(["a", "b"], [("b", "x", 0.5)])) == [None, 0.5]
    assert distances_of(study(["a", "b"], [("b", "x", None)])) == []
    assert distances_of(study(["a", "b"], oddness=np.array([1.5, 2]))) == [1.5, 2]


def test_an_outlier_stands_beside_the_nearest_image_that_is_none():
    """The image beside an outlier is the one with the highest cosine that is no outlier itself."""
    matrix = np.array([[1, 0], [0.9, 0.1], [0, 1], [0.1, 1]], np.float32)
    odd = (Outlier("c", 1, 3.0, 2.7, "d", "x"), Outlier("d", 2, 2.0))
    section = outliers_section(study("abcd", matrix=matrix, oddness=np.array([0.5, 1, 3, 2])), odd)
    assert section.rows == (OutlierRow(2, 1, 3.0, 2.7, 1, "x"), OutlierRow(3, 2, 2.0, None, 1, None))
    assert (section.curve, section.cut) == ([3, 2, 1, 0.5], 1.5)


def test_only_the_smaller_of_two_clusters_is_on_the_curve():
    """Of two clusters, only the images of the smaller one have an oddness; where all of them are outliers, no cut."""
    odd = (Outlier("a", 1, 9.0), Outlier("b", 2, 8.0))
    seen = study("abcd", oddness=np.array([9, 8, np.nan, np.nan]))
    section = outliers_section(seen, odd)
    assert (section.curve, section.cut) == ([9, 8], None)
    assert distances_of(seen) == [9, 8, None, None]
    section = outliers_section(study("abcd", oddness=np.array([9, 8, 4, np.nan])), odd)
    assert (section.curve, section.cut) == ([9, 8, 4], 6)


def test_without_features_or_outliers_there_is_nothing_beside():
    """Without features, or if every image is an outlier, no image stands beside."""
    odd = (Outlier("a", 1, 3.0),)
    assert outliers_section(study("a"), odd).rows[0].nearest is None
    assert outliers_section(study("a", matrix=np.ones((1, 2), np.float32)), odd).rows[0].nearest is None
    assert outliers_section(study("a"), ()).rows == ()


def test_findings_by_reason_and_duplicates_by_what_stays():
    """Findings come by reason, with the images that are duplicates of one that stays."""
    findings = [
        Finding("gone", "unreadable", detail="damaged"),
        Finding("a", "blurred", 0.1, 0.23),
        Finding("b", "duplicate", detail="same bytes as c"),
        Finding("d", "near-duplicate", 2, 8, "looks like c"),
    ]
    seen = study("abcd")
    section = findings_section(seen, findings)
    assert list(section.reasons) == ["unreadable", "blurred", "duplicate", "near-duplicate"]
    assert [row.image for rows in section.reasons.values() for row in rows] == [None, 0, 1, 3]
    assert section.duplicates == (Duplicates(2, (1, 3)),)
    assert folders_of(seen, findings) == ["blurred", "duplicate", None, "near-duplicate"]


def test_a_copy_of_a_copy_belongs_to_the_image_that_stays():
    """If an image is a copy of one that is a copy itself, all of them are one group, and only one image stays."""
    findings = [
        Finding("b", "near-duplicate", 2, 8, "looks like a"),
        Finding("c", "duplicate", detail="same bytes as b"),
    ]
    assert findings_section(study("abcd"), findings).duplicates == (Duplicates(0, (1, 2)),)
