"""Measures how long `imgsort find` takes in a large collection whose features are in the cache, and where time goes.

    python benchmarks/find_speed.py PHOTOS [--files 100000] [--folders 100] [--runs 5] [--work FOLDER] [--model NAME]

The script makes the collection: small JPEGs, each a random crop of one of the photographs in PHOTOS. It fills a cache
of its own once, which takes minutes. With --work, both stay in that folder for the next time. Then it runs the whole
command in processes of their own: the first time, when only the features are kept, and again, when their table is.
"""

MAKE = """
import random, sys
from pathlib import Path
import cv2, numpy as np
photos, folder, first, last, folders = sys.argv[1:3] + [int(number) for number in sys.argv[3:]]
files = sorted(file for file in Path(photos).rglob("*") if file.suffix.lower() in (".jpg", ".jpeg", ".png"))
step = random.Random(first)
pictures = []
for file in step.sample(files, min(400, len(files))):
    try:
        picture = cv2.imdecode(np.fromfile(file, np.uint8), cv2.IMREAD_REDUCED_COLOR_2)
    except cv2.error:
        continue
    if picture is not None and min(picture.shape[:2]) >= 48:
        pictures.append(picture)
for number in range(first, last):
    picture = step.choice(pictures)
    side = step.randint(40, min(picture.shape[:2]))
    top, left = (step.randint(0, length - side) for length in picture.shape[:2])
    small = cv2.resize(picture[top : top + side, left : left + side], (64, 64), interpolation=cv2.INTER_AREA)
    place = Path(folder) / f"{number % folders:03}" / f"IMG_{number:06}.jpg"
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(cv2.imencode(".jpg", small)[1].tobytes())
"""
