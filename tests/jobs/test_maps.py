"""The map of a study: of the images alone, from the cache or new."""

from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from imgsort.features.cache.map_cache import MapCache
from imgsort.filing.planning.site import site_of
from imgsort.images.finding.find import ImageFile
from imgsort.jobs import maps as module
from imgsort.jobs.maps import map_of
from imgsort.jobs.study import Study
from tests.grouping.blobs import blobs

pytestmark = pytest.mark.usefixtures("own_folder")


def study_of(folder, matrix):
    rows = range(0 if matrix is None else len(matrix))
    files = tuple(ImageFile(f"{row}.jpg", 1, 1) for row in rows)
    return Study("categorize", site_of(Path(folder)), files, tuple(f"{row:064x}" for row in rows), (), matrix=matrix)


def turned(study, order):
    """Return the same images under names that come in another order."""
    return replace(
        study,
        files=tuple(study.files[row] for row in order),
        contents=tuple(study.contents[row] for row in order),
        matrix=study.matrix[order],
    )


def refuse(*arguments, **options):
    raise AssertionError("the map was made again")


@pytest.mark.parametrize("rows", [[], [1], [20, 20, 10]])
def test_a_map_is_made_once(tmp_path, monkeypatch, rows):
    """The second time, the map comes from the cache. It is the same, without the cache too, whatever the names are."""
    study = study_of(tmp_path, blobs(rows)[0] if rows else np.empty((0, 0), np.float32))
    order = np.random.default_rng(3).permutation(len(study.files))
    plain = map_of(study)
    assert plain.shape == (sum(rows), 2)
    with closing(MapCache(notice=pytest.fail)) as cache:
        assert (map_of(study, cache) == plain).all()
        monkeypatch.setattr(module, "places_of", refuse)
        assert (map_of(study, cache) == plain).all()
        assert (map_of(turned(study, order), cache) == plain[order]).all()
    assert (plain[order] == map_of(turned(study, order), MapCache(notice=pytest.fail))).all()


def test_other_features_are_another_map(tmp_path):
    """Images that another model saw have another map."""
    study = study_of(tmp_path, blobs([9, 9])[0])
    other = replace(study, matrix=study.matrix[:, ::-1] * np.float32(3) + np.float32(1))
    with closing(MapCache(notice=pytest.fail)) as cache:
        map_of(study, cache)
        assert (map_of(other, cache) == map_of(other)).all()


def test_without_features_there_is_no_map(tmp_path):
    """A command without a model has no map."""
    assert map_of(study_of(tmp_path, None)) is None
