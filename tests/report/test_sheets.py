"""Putting thumbnails together into sheets."""

import io

import numpy as np
from PIL import Image

from imgsort.report.sheets import COLUMNS, ROWS, SIDE_PX, write_sheets
from tests.report.pages import webp


def test_each_picture_lies_in_its_cell(tmp_path):
    """What is seen in the middle of an image's cell is that image. Images without a thumbnail have no cell."""
    sizes = [(96, 64), (64, 96), (192, 1), (3, 192), (50, 50)]
    thumbnails = [None if number % 7 == 6 else webp(number, *sizes[number % 5]) for number in range(150)]
    order = list(reversed(range(150)))
    sheets = write_sheets(tmp_path, thumbnails, order)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(sheets.files) and len(sheets.files) == 3
    assert [number for number, cell in enumerate(sheets.cells) if cell is None] == list(range(6, 150, 7))
    assert [number for number in order if sheets.cells[number] is not None] == sorted(
        (number for number in order if sheets.cells[number] is not None), key=sheets.cells.__getitem__
    )
    pictures = [np.asarray(Image.open(tmp_path / name).convert("RGB")) for name in sheets.files]
    for number in (0, 1, 4, 80, 149):
        cell, (width, height) = sheets.cells[number], sheets.sizes[number]
        assert max(width, height) == SIDE_PX and min(width, height) >= 2
        place = cell % (COLUMNS * ROWS)
        left, top = place % COLUMNS * SIDE_PX, place // COLUMNS * SIDE_PX
        shown = pictures[cell // (COLUMNS * ROWS)][top : top + SIDE_PX, left : left + SIDE_PX].astype(int)
        inner = shown[
            (SIDE_PX - height) // 2 : (SIDE_PX + height) // 2, (SIDE_PX - width) // 2 : (SIDE_PX + width) // 2
        ]
        original = np.asarray(Image.open(io.BytesIO(thumbnails[number])).convert("RGB")).astype(int)
        assert np.abs(np.median(inner, (0, 1)) - np.median(original, (0, 1))).max() < 12


def test_no_thumbnails_make_no_sheets(tmp_path):
    """Without any thumbnail, there is no sheet."""
    assert write_sheets(tmp_path, [None, None], [0, 1]).files == ()
    assert list(tmp_path.iterdir()) == []


def test_a_picture_that_does_not_decode_leaves_its_cell_empty(tmp_path):
    """A damaged thumbnail costs its place on the sheet, and nothing else."""
    good = webp(1)
    sheets = write_sheets(tmp_path, [good[:40], good], [0, 1])
    assert (sheets.cells, sheets.sizes[1] != (2, 2)) == ((0, 1), True)
