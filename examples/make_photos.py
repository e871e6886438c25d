"""Writes a folder of about 100 real photographs without a download, to try imgsort on.

The pictures are crops, flips and lighting changes of eight photographs, and four pictures that do not belong. They come
from inside the packages scikit-image and scikit-learn. `labels.csv` says which photograph each picture shows.

    python examples/make_photos.py demo/photos

Sources: scikit-image (astronaut: NASA; chelsea: S. van der Walt; coffee: R. Michetti; rocket: SpaceX; hubble: NASA and
ESA; motorcycle: Middlebury stereo set; coins, page, retina, ihc) and scikit-learn (china: V. Wong, CC BY 2.0; flower:
dany13, CC BY 2.0).
"""

import argparse
import csv
import functools
import random
from pathlib import Path

import numpy as np
import skimage.data
from PIL import Image, ImageEnhance, ImageOps
from sklearn.datasets import load_sample_image

PHOTOGRAPHS = ("astronaut", "chelsea", "coffee", "rocket", "hubble_deep_field", "motorcycle", "china", "flower")
ODD = ("page", "coins", "retina", "immunohistochemistry")
CROPS_EACH = 12
LONGEST_PX = 480


@functools.cache
def load(name: str) -> Image.Image:
    """Return the photograph `name` in RGB. It is read once, and must not be changed."""
    if name in ("china", "flower"):
        pixels = load_sample_image(f"{name}.jpg")
    elif name == "motorcycle":
        pixels = np.asarray(Image.open(Path(skimage.data.__file__).parent / "motorcycle_left.png"))
    else:
        pixels = getattr(skimage.data, name)()
    return Image.fromarray(pixels).convert("RGB")


def vary(photograph: Image.Image, chance: random.Random, shares: tuple[float, float] = (0.72, 0.95)) -> Image.Image:
    """Return a crop of a share of the photograph, usually most of it, perhaps mirrored, in another light."""
    share = chance.uniform(*shares)
    width, height = round(photograph.width * share), round(photograph.height * share)
    left, top = chance.randint(0, photograph.width - width), chance.randint(0, photograph.height - height)
    picture = photograph.crop((left, top, left + width, top + height))
    if chance.random() < 0.5:
        picture = ImageOps.mirror(picture)
    for enhancer, low, high in (
        (ImageEnhance.Brightness, 0.7, 1.3),
        (ImageEnhance.Contrast, 0.8, 1.2),
        (ImageEnhance.Color, 0.7, 1.2),
    ):
        picture = enhancer(picture).enhance(chance.uniform(low, high))
    picture.thumbnail((LONGEST_PX, LONGEST_PX))
    return picture


def make_photos(folder: Path, seed: int = 0) -> dict[str, str]:
    """Write the photographs into `folder` under neutral names. Return {file name: photograph}."""
    chance = random.Random(seed)
    pictures = [(name, vary(load(name), chance)) for name in PHOTOGRAPHS for _ in range(CROPS_EACH)]
    pictures += [(f"odd {name}", vary(load(name), chance)) for name in ODD]
    chance.shuffle(pictures)
    folder.mkdir(parents=True, exist_ok=True)
    labels = {}
    for number, (name, picture) in enumerate(pictures, start=1):
        file = f"IMG_{number:04d}.jpg"
        picture.save(folder / file, quality=90)
        labels[file] = name
    with (folder / "labels.csv").open("w", newline="", encoding="utf-8") as handle:
        writer = csv.writer(handle)
        writer.writerow(["file", "photograph"])
        writer.writerows(labels.items())
    return labels


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    print(f"{len(make_photos(arguments.folder, arguments.seed))} photographs in {arguments.folder}")
