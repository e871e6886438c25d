from dataclasses import dataclass, field

import numpy as np
import pytest

from imgsort.jobs.listener import Listener
from imgsort.jobs.organize.categorize import categorize
from imgsort.jobs.organize.check import check
from imgsort.jobs.organize.outliers import find_outliers
from imgsort.jobs.study import Study
from tests.support.pictures import encode, plain
from tests.support.trees import names


@dataclass
class Studying(Listener):
    """Keeps the studies, and what the folder held when they came."""

    folder: object
    studies: list[Study] = field(default_factory=list)
    trees: list[dict] = field(default_factory=list)

    def studied(self, study: Study) -> None:
        self.studies.append(study)
        self.trees.append(names(self.folder))


@pytest.fixture
def photos(tmp_path):
    chance = np.random.default_rng(0)
    folder = tmp_path / "photos"
    folder.mkdir()
    for number in range(6):
        noise = chance.integers(0, 60, (48, 48, 3), np.uint8)
        (folder / f"{number}.png").write_bytes(encode(noise + np.uint8(90 * (number % 3)), "PNG"))
    return folder


@pytest.mark.parametrize(
    ("job", "options"),
    [
        (categorize, {"clusters": 3, "model": "efficientnet-lite0"}),
        (find_outliers, {"max_outliers": 2, "model": "efficientnet-lite0"}),
        (find_outliers, {"max_outliers": 2, "method": "knn", "model": "efficientnet-lite0"}),
        (check, {"move": True}),
    ],
)
def test_a_command_tells_what_it_saw_before_it_files(photos, job, options):
    """A listener receives the images, their hashes and their folders before a file moves."""
    (photos / "red.png").write_bytes(plain((200, 30, 30)))
    before = names(photos)
    listener = Studying(photos)
    result = job(photos, listener=listener, **options)
    [study], [then] = listener.studies, listener.trees
    result = getattr(result, "filing", result)
    assert {name: content for name, content in then.items() if ".imgsort" not in name} == before
    assert len(study.files) == len(study.contents) == 7
    assert {move.source for move in result.moves} <= {placement.source for placement in study.placements}
    assert study.matrix is None or len(study.matrix) == 7
    if study.command == "outliers":
        assert study.oddness is not None
        odd = {placement.source: placement.distance for placement in study.placements}
        told = {file.path: oddness for file, oddness in zip(study.files, study.oddness, strict=True)}
        assert odd == pytest.approx({path: told[path] for path in odd}, abs=1e-6)


def test_a_study_of_categories_can_group_again(photos):
    """The images can be grouped into another number of categories, in the same way as the command would."""
    listener = Studying(photos)
    for count in (3, 2):
        categorize(photos, clusters=count, model="efficientnet-lite0", dry_run=True, listener=listener)
    three, two = listener.studies
    labels = {file.path: label for file, label in zip(three.files, three.regroup(2), strict=True)}
    folders = {placement.source: placement.folder for placement in two.placements}
    assert {path: f"category_{label + 1}" for path, label in labels.items()} == folders
