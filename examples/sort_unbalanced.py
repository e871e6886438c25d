"""Sorts a folder of very different groups with `--quality plain` and `high`, and draws both results side by side.

    python examples/sort_unbalanced.py docs/unbalanced.jpg

The folder holds crops of five photographs: 90 of one, and 9 of another. As it has five kinds, both ways make five
categories. A row for each category says how many images of each kind it holds, and shows some of them.
"""

import argparse
import random
import tempfile
from collections import Counter
from pathlib import Path

from make_photos import load, vary
from PIL import Image, ImageDraw, ImageFont, ImageOps

import imgsort

SIZES = {"motorcycle": 90, "china": 45, "coffee": 22, "rocket": 12, "flower": 9}
QUALITIES = ("plain", "high")
THUMBNAIL_PX, GAP_PX, MARGIN_PX, IMAGES_A_ROW, TITLE_PX = 64, 4, 30, 8, 40
SHARES = (0.3, 0.6)  # small crops of one photograph differ about as much as photographs of one kind
SEED = 0


def make_folder(folder: Path) -> dict[str, str]:
    """Write the photographs under neutral names. Return {file name: kind}."""
    chance = random.Random(SEED)
    kinds = [kind for kind, size in SIZES.items() for _ in range(size)]
    chance.shuffle(kinds)
    kind_of = {f"IMG_{number:04d}.jpg": kind for number, kind in enumerate(kinds, start=1)}
    for file, kind in kind_of.items():
        vary(load(kind), chance, SHARES).save(folder / file, quality=90)
    return kind_of


def categories(folder: Path, quality: str) -> list[list[str]]:
    """Return the files of each category, the largest category first. Nothing is moved."""
    result = imgsort.categorize(folder, clusters=len(SIZES), quality=quality, model="efficientnet-lite0", dry_run=True)
    found: dict[str, list[str]] = {}
    for move in result.moves:
        found.setdefault(move.target.split("/")[0], []).append(move.source)
    return [files for _, files in sorted(found.items())]


def described(files: list[str], kind_of: dict[str, str]) -> str:
    """Return how many images of each kind there are, in words."""
    return ", ".join(f"{count} {kind}" for kind, count in Counter(kind_of[file] for file in files).most_common())


def column(title: str, groups: list[list[str]], folder: Path, kind_of: dict[str, str]) -> Image.Image:
    """Return a picture, RGB, of categories, with some images of each kind in it."""
    row_px = THUMBNAIL_PX + 24
    sheet = Image.new(
        "RGB", (IMAGES_A_ROW * (THUMBNAIL_PX + GAP_PX) + 2 * GAP_PX, TITLE_PX + len(groups) * row_px), "white"
    )
    pen, font = ImageDraw.Draw(sheet), ImageFont.load_default(size=15)
    pen.text((GAP_PX, 10), title, fill="black", font=ImageFont.load_default(size=18))
    for number, files in enumerate(groups):
        top = TITLE_PX + number * row_px
        pen.text((GAP_PX, top), f"category_{number + 1}: {described(files, kind_of)}", fill="black", font=font)
        step = max(1, len(files) // IMAGES_A_ROW)
        by_kind = sorted(files, key=lambda file: (kind_of[file], file))
        for place, file in enumerate(by_kind[::step][:IMAGES_A_ROW]):
            with Image.open(folder / file) as image:
                thumbnail = ImageOps.fit(image, (THUMBNAIL_PX, THUMBNAIL_PX))
            sheet.paste(thumbnail, (GAP_PX + place * (THUMBNAIL_PX + GAP_PX), top + 20))
    return sheet


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("picture", type=Path)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        kind_of = make_folder(folder)
        found = {quality: categories(folder, quality) for quality in QUALITIES}
        sheets = [column(f"--quality {quality}", groups, folder, kind_of) for quality, groups in found.items()]
    width_px = sum(sheet.width + MARGIN_PX for sheet in sheets)
    whole = Image.new("RGB", (width_px, max(sheet.height for sheet in sheets)), "white")
    left = 0
    for sheet in sheets:
        whole.paste(sheet, (left, 0))
        left += sheet.width + MARGIN_PX
    arguments.picture.parent.mkdir(parents=True, exist_ok=True)
    whole.save(arguments.picture, quality=75)
    for quality, groups in found.items():
        print(f"--quality {quality}")
        for number, files in enumerate(groups, start=1):
            print(f"  category_{number}: {described(files, kind_of)}")


if __name__ == "__main__":
    main()
