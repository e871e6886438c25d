"""Draws a sorted folder as one picture, with a row for each category: its name and its first images.

    python examples/make_picture.py demo/photos docs/sorted.jpg

This script makes the README's picture from the folder that `make demo` sorts.
"""

import argparse
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont, ImageOps

THUMBNAIL_PX = 96
GAP_PX = 6
LABEL_PX = 150
IMAGES_A_ROW = 9


def draw(collection: Path) -> Image.Image:
    """Return a picture, RGB, of the subfolders of `collection` that hold JPEGs."""
    rows = [(folder.name, sorted(folder.glob("*.jpg"))) for folder in sorted(collection.iterdir()) if folder.is_dir()]
    rows = [(name, files) for name, files in rows if files and not name.startswith(".")]
    step = THUMBNAIL_PX + GAP_PX
    sheet = Image.new("RGB", (LABEL_PX + IMAGES_A_ROW * step + GAP_PX, len(rows) * step + GAP_PX), "white")
    pen = ImageDraw.Draw(sheet)
    font = ImageFont.load_default(size=17)
    for number, (name, files) in enumerate(rows):
        top = GAP_PX + number * step
        pen.text((2 * GAP_PX, top + 24), f"{name}/", fill="black", font=font)
        pen.text((2 * GAP_PX, top + 48), f"{len(files)} images", fill="gray", font=font)
        for column, file in enumerate(files[:IMAGES_A_ROW]):
            with Image.open(file) as image:
                thumbnail = ImageOps.fit(image.convert("RGB"), (THUMBNAIL_PX, THUMBNAIL_PX))
            sheet.paste(thumbnail, (LABEL_PX + column * step, top))
    return sheet


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("collection", type=Path)
    parser.add_argument("picture", type=Path)
    arguments = parser.parse_args()
    arguments.picture.parent.mkdir(parents=True, exist_ok=True)
    draw(arguments.collection).save(arguments.picture, quality=80)
    print(arguments.picture)
