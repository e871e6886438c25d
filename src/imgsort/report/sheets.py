"""Puts many thumbnails together into sheets: a page of 20,000 images would be too large with all of them inside."""

import io
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL import Image

COLUMNS = ROWS = 8
SIDE_PX = 160
_GREY = (128, 128, 128)
_QUALITY = 76
_QUICKEST = 0


@dataclass(frozen=True)
class Sheets:
    """Sheets in a folder. `files`: their names.

    `cells`: for each image its cell, counted through all sheets, or None if it has no thumbnail. `sizes`: its
    (width, height) in px there. It lies in the middle of its cell.
    """

    files: tuple[str, ...]
    cells: tuple[int | None, ...]
    sizes: tuple[tuple[int, int], ...]


def write_sheets(folder: Path, thumbnails: Sequence[bytes | None], order: Sequence[int]) -> Sheets:
    """Write the thumbnails, WebP each, as sheets into an empty folder. Neighbours in `order` lie on one sheet.

    So a page that shows images in this order needs few sheets at a time. Raises OSError.
    """
    numbers = [number for number in order if thumbnails[number] is not None]
    per_sheet = COLUMNS * ROWS
    parts = [numbers[start : start + per_sheet] for start in range(0, len(numbers), per_sheet)]
    files = tuple(f"sheet_{place + 1:04}.webp" for place in range(len(parts)))
    cells: list[int | None] = [None] * len(thumbnails)
    sizes = [(0, 0)] * len(thumbnails)
    for cell, number in enumerate(numbers):
        cells[number] = cell

    def write(place: int) -> list[tuple[int, int]]:
        made, shown = _sheet([thumbnails[number] for number in parts[place]])
        (folder / files[place]).write_bytes(made)
        return shown

    with ThreadPoolExecutor() as pool:  # Pillow lets other threads work while it decodes and encodes
        for part, shown in zip(parts, pool.map(write, range(len(parts))), strict=True):
            for number, size in zip(part, shown, strict=True):
                sizes[number] = size
    return Sheets(files, tuple(cells), tuple(sizes))


def _sheet(thumbnails: Sequence[bytes | None]) -> tuple[bytes, list[tuple[int, int]]]:
    """Return a sheet as WebP and the size of each picture on it."""
    from PIL import Image

    sheet = Image.new("RGB", (COLUMNS * SIDE_PX, -(-len(thumbnails) // COLUMNS) * SIDE_PX), _GREY)
    sizes = []
    for cell, webp in enumerate(thumbnails):
        picture = _fitted(webp or b"")
        left = (cell % COLUMNS) * SIDE_PX + (SIDE_PX - picture.width) // 2
        top = (cell // COLUMNS) * SIDE_PX + (SIDE_PX - picture.height) // 2
        sheet.paste(picture, (left, top))
        sizes.append(picture.size)
    packed = io.BytesIO()
    sheet.save(packed, "webp", quality=_QUALITY, method=_QUICKEST)
    return packed.getvalue(), sizes


def _fitted(webp: bytes) -> "Image.Image":
    """Return a thumbnail that fits into a cell. Its sides are even numbers, so that it lies on whole pixels."""
    from PIL import Image

    try:
        with Image.open(io.BytesIO(webp), formats=["WEBP"]) as opened:
            picture = opened.convert("RGB")
    except (OSError, ValueError, Image.DecompressionBombError):  # the cache is damaged: an empty place is shown
        picture = Image.new("RGB", (2, 2), _GREY)
    share = SIDE_PX / max(picture.size)
    width, height = (min(SIDE_PX, max(2, 2 * round(side * share / 2))) for side in picture.size)
    if (width, height) == picture.size:
        return picture
    return picture.resize((width, height), Image.Resampling.BILINEAR, reducing_gap=None)
