import os
import signal
from dataclasses import dataclass

import numpy as np
import pytest

from imgsort.engines.ray.alone import Task
from imgsort.engines.ray.blocks import Block
from imgsort.images.decoding.decode import DEFAULTS
from imgsort.images.decoding.letterbox import Square
from tests.engines.ray.conftest import OddImages, folder_images
from tests.support.pictures import encode, gradient
from tests.support.trees import make_tree


@pytest.fixture
def images(tmp_path):
    tree = {f"p{number}.png": encode(gradient(20 + number, 30), "PNG") for number in range(6)}
    make_tree(tmp_path / "folder", {**tree, "bad.png": b"text"})
    return folder_images(tmp_path / "folder")


def test_images_read_alone_are_those_read_together(images):
    """The process of their own gives the same results and the same pixels, in the same order."""
    task = Task(Block(images, tuple(range(10, 17))), DEFAULTS, Square(64))
    for (seen, square), (other, other_square) in zip(task.results_alone(), task.results(), strict=True):
        assert seen == other
        assert (square is None) == (other_square is None)
        np.testing.assert_array_equal(square, other_square)


@pytest.mark.parametrize(
    ("number", "names", "words"),
    [
        (signal.SIGSEGV, ("bad.png", "p2.png", "p3.png", "p5.png"), "by SIGSEGV"),
        (signal.SIGKILL, ("p5.png",), "by SIGKILL, perhaps because"),
    ],
)
def test_images_that_end_the_process_are_rows(images, number, names, words):
    """Each deadly image is a row that says how, wherever it is in the block; the others have their pixels."""
    deadly = Deadly(images.root, images.files, deadly=names, number=number)
    task = Task(Block(deadly, tuple(range(7))), DEFAULTS, Square(64))
    found = list(task.results_alone())
    assert [seen.number for seen, _ in found] == list(range(7))
    for (seen, square), file in zip(found, images.files, strict=True):
        assert (words in seen.reason) == (file.path in names)
        assert (square is None) == (file.path in {*names, "bad.png"})


@dataclass(frozen=True)
class Deadly(OddImages):
    number: int = signal.SIGSEGV

    def bytes_of(self, number):
        if os.getpid() != self.tester and self.files[number].path in self.deadly:
            os.kill(os.getpid(), self.number)
        return super().bytes_of(number)

    def only(self, numbers):
        chosen = tuple(self.files[number] for number in numbers)
        return Deadly(self.root, chosen, self.seconds, self.deadly, self.tester, self.number)
