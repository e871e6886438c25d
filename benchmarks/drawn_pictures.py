"""Draws documents, screenshots, charts, icons and other pictures that no camera took, for `faults.py`.

    python benchmarks/drawn_pictures.py FOLDER

writes them to FOLDER as PNG files, to look at. Every picture of a kind has other content than the others: invoices on
one form have other customers and sums, icons of one shape have other colours. So no two of them are duplicates, and
none is blank, blurred or overexposed. The pictures are always the same.
"""

import argparse
import colorsys
import itertools
import math
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

WORDS = (
    "river stone window paper yellow market letter garden number second winter people station engine copper "
    "bridge morning travel silver harbour table music doctor simple forest history summer answer village circle"
).split()
COLOURS = [tuple(round(255 * c) for c in colorsys.hsv_to_rgb(n / 10, 0.85, 0.85)) for n in range(10)] + [
    (20, 20, 20),
    (120, 120, 120),
    (190, 190, 190),
]
Drawing = tuple[Image.Image, ImageDraw.ImageDraw]


def font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)


def page(width: int, height: int, colour: tuple[int, int, int] = (255, 255, 255)) -> Drawing:
    image = Image.new("RGB", (width, height), colour)
    return image, ImageDraw.Draw(image)


def words(rng: np.random.Generator, count: int) -> str:
    return " ".join(rng.choice(WORDS, count))


def invoice(rng: np.random.Generator, number: int) -> Image.Image:
    """Return an invoice on one form: the customer, the number and five to seven lines are its own."""
    image, draw = page(1240, 1754)
    draw.rectangle((80, 80, 480, 180), fill=(30, 60, 140))
    draw.text((100, 100), "ACME Supplies Ltd", font=font(40), fill="white")
    draw.text(
        (80, 420),
        f"Invoice {20260 + number}    Date {rng.integers(1, 29)}.{rng.integers(1, 13)}.2026",
        "black",
        font(30),
    )
    for row in range(2):
        draw.text((80, 240 + 45 * row), words(rng, 2), "black", font(30))
    draw.rectangle((80, 520, 1160, 570), fill=(220, 225, 235))
    for x, name in ((90, "Item"), (640, "Quantity"), (860, "Price"), (1020, "Sum")):
        draw.text((x, 528), name, "black", font(28))
    for row in range(int(rng.integers(5, 8))):
        y = 600 + 60 * row
        draw.text((90, y), words(rng, 3), "black", font(28))
        for x in (660, 860, 1020):
            draw.text((x, y), f"{rng.uniform(1, 900):.2f}", "black", font(28))
        draw.line((80, y + 48, 1160, y + 48), fill=(180, 180, 180), width=2)
    draw.text((860, 1200), f"Total {rng.uniform(100, 9000):.2f}", "black", font(34))
    draw.line((80, 1600, 1160, 1600), fill="black", width=3)
    draw.text((80, 1620), "Please pay within 30 days. Bank 12 3456 7890. Thank you.", "black", font(24))
    return image


def receipt(rng: np.random.Generator, number: int) -> Image.Image:
    """Return a shop's receipt with twelve lines of its own."""
    image, draw = page(420, 900, (248, 247, 243))
    draw.text((110, 30), "CORNER SHOP", (40, 40, 40), font(32))
    for row in range(12):
        y = 120 + 48 * row
        draw.text((30, y), words(rng, 1), (50, 50, 50), font(26))
        draw.text((320, y), f"{rng.uniform(0.5, 60):.2f}", (50, 50, 50), font(26))
    draw.text((30, 740), f"TOTAL        {rng.uniform(20, 300):.2f}", (30, 30, 30), font(32))
    draw.text((110, 820), "Thank you!", (50, 50, 50), font(26))
    return image


def text_page(rng: np.random.Generator, number: int) -> Image.Image:
    """Return a page of a book, as a scanner sees it."""
    image, draw = page(1240, 1754, (252, 251, 248))
    for row in range(38):
        draw.text((140, 150 + 38 * row), words(rng, 9)[:70], (25, 25, 30), font(26))
    draw.text((600, 1660), str(number + 10), (25, 25, 30), font(26))
    return image


def slide(rng: np.random.Generator, number: int) -> Image.Image:
    """Return a slide of one template, with its own title and points."""
    image, draw = page(1280, 720)
    draw.rectangle((0, 0, 1280, 110), fill=(20, 70, 120))
    draw.rectangle((0, 680, 1280, 720), fill=(230, 120, 30))
    draw.text((50, 30), words(rng, 3), "white", font(48))
    for row in range(4):
        draw.ellipse((60, 195 + 110 * row, 80, 215 + 110 * row), fill=(20, 70, 120))
        draw.text((110, 180 + 110 * row), words(rng, 5), (40, 40, 40), font(38))
    return image


def screenshot(rng: np.random.Generator, number: int) -> Image.Image:
    """Return a list of messages in one app, with its own senders and texts."""
    image, draw = page(1080, 1920, (245, 246, 248))
    draw.rectangle((0, 0, 1080, 160), fill=(0, 120, 90))
    draw.text((60, 60), "Messages", "white", font(56))
    for row in range(8):
        y = 190 + 200 * row
        draw.rounded_rectangle((30, y, 1050, y + 180), 24, fill="white")
        draw.ellipse((60, y + 30, 180, y + 150), fill=COLOURS[int(rng.integers(10))])
        draw.text((210, y + 30), words(rng, 2), (20, 20, 20), font(42))
        draw.text((210, y + 100), words(rng, 5), (110, 110, 110), font(34))
    draw.rectangle((0, 1800, 1080, 1920), fill="white")
    return image


def terminal(rng: np.random.Generator, number: int) -> Image.Image:
    """Return a terminal with light text on black."""
    image, draw = page(1280, 800, (18, 18, 22))
    draw.rectangle((0, 0, 1280, 40), fill=(70, 70, 76))
    for row in range(24):
        draw.text((20, 55 + 30 * row), words(rng, int(rng.integers(2, 9))), (200, 220, 200), font(22))
    return image


def axes() -> Drawing:
    image, draw = page(800, 600)
    draw.text((300, 15), "Sales by month", "black", font(28))
    draw.line((80, 60, 80, 540), fill="black", width=3)
    draw.line((80, 540, 760, 540), fill="black", width=3)
    for row in range(5):
        draw.line((80, 60 + 96 * row, 760, 60 + 96 * row), fill=(215, 215, 215), width=1)
    return image, draw


def bar_chart(rng: np.random.Generator, number: int) -> Image.Image:
    """Return a chart of eight bars."""
    image, draw = axes()
    for bar, height in enumerate(rng.integers(40, 460, 8).tolist()):
        draw.rectangle((105 + 82 * bar, 540 - height, 160 + 82 * bar, 538), fill=(50, 110, 190))
    return image


def line_chart(rng: np.random.Generator, number: int) -> Image.Image:
    """Return a chart of one line."""
    image, draw = axes()
    heights = np.clip(np.cumsum(rng.normal(0, 45, 30)) + 240, 20, 460)
    draw.line([(90 + 23 * n, 540 - h) for n, h in enumerate(heights.tolist())], fill=(200, 60, 40), width=4)
    return image


def pie_chart(rng: np.random.Generator, number: int) -> Image.Image:
    """Return a pie of five slices."""
    image, draw = page(600, 600)
    angles = np.concatenate(([0], np.sort(rng.choice(np.arange(20, 340, 10), 4, replace=False)), [360])).tolist()
    for part, (start, end) in enumerate(itertools.pairwise(angles)):
        draw.pieslice((80, 80, 520, 520), start, end, fill=COLOURS[2 * part])
    return image


def scatter_chart(rng: np.random.Generator, number: int) -> Image.Image:
    """Return a chart of sixty points."""
    image, draw = axes()
    for x, y in rng.uniform((100, 80), (750, 520), (60, 2)).tolist():
        draw.ellipse((x - 5, y - 5, x + 5, y + 5), fill=(30, 90, 170))
    return image


def icon(shape: str) -> Callable[[np.random.Generator, int], Image.Image]:
    """Return what draws a shape in the colour of a number."""

    def draw_icon(rng: np.random.Generator, number: int) -> Image.Image:
        image, draw = page(256, 256)
        colour = COLOURS[number]
        if shape == "disc":
            draw.ellipse((40, 40, 216, 216), fill=colour)
        elif shape == "ring":
            draw.ellipse((40, 40, 216, 216), outline=colour, width=28)
        elif shape == "tick":
            draw.line((50, 130, 110, 190, 210, 70), fill=colour, width=30)
        else:
            draw.polygon([(128, 30), (226, 220), (30, 220)], fill=colour)
        return image

    return draw_icon


def flag(rng: np.random.Generator, number: int) -> Image.Image:
    """Return a flag of three stripes, lying or standing. Each pair of outer colours occurs once."""
    pairs = list(itertools.combinations(((206, 17, 38), (0, 56, 168), (0, 146, 70), (255, 206, 0), (20, 20, 20)), 2))
    first, last = pairs[number % len(pairs)]
    image, draw = page(900, 600)
    for part, colour in ((0, first), (2, last)):
        box = (0, 200 * part, 899, 200 * part + 199) if number < len(pairs) else (300 * part, 0, 300 * part + 299, 599)
        draw.rectangle(box, fill=colour)
    return image


def star_field(rng: np.random.Generator, number: int) -> Image.Image:
    """Return a night sky: a few hundred stars, most of them faint, and the noise of a sensor."""
    sky = rng.normal(9, 1.2, (800, 1200, 1)).repeat(3, axis=2)
    for _ in range(int(rng.integers(150, 500))):
        y, x = rng.integers(2, 798), rng.integers(2, 1198)
        sky[y - 1 : y + 2, x - 1 : x + 2] += (
            rng.exponential(60) * np.array([[0.3, 0.6, 0.3], [0.6, 1, 0.6], [0.3, 0.6, 0.3]])[..., None]
        )
    return Image.fromarray(np.clip(sky, 0, 255).astype(np.uint8))


def snow(rng: np.random.Generator, number: int) -> Image.Image:
    """Return a well exposed field of snow: soft light grey waves, a line of trees and a pale sky."""
    y, x = np.mgrid[0:600, 0:900]
    waves = 222 + 14 * np.sin(x / (60 + 3 * number) + y / 90 + number) + 6 * np.sin(x / 17 - y / 23)
    picture = (waves + rng.normal(0, 2, (600, 900)))[..., None] + np.array((-4, 0, 6))
    picture[:150] = np.array((196, 214, 236))
    image = Image.fromarray(np.clip(picture, 0, 250).astype(np.uint8))
    draw = ImageDraw.Draw(image)
    for tree in rng.integers(0, 900, 30).tolist():
        height = int(rng.integers(20, 70))
        draw.polygon([(tree, 160 - height), (tree + 12, 160), (tree - 12, 160)], fill=(30, 60, 45))
    return image


def white_product(rng: np.random.Generator, number: int) -> Image.Image:
    """Return a white box with a soft shadow on pure white, with a label of its own."""
    image, draw = page(800, 800)
    draw.ellipse((180, 560, 640, 660), fill=(225, 225, 228))
    image = Image.fromarray(cv2.GaussianBlur(np.asarray(image), (0, 0), 15))
    draw = ImageDraw.Draw(image)
    draw.rectangle((230, 220 - 10 * (number % 4), 570, 600), fill=(255, 255, 255), outline=(205, 205, 208), width=3)
    draw.rectangle((280, 320, 520, 420), fill=COLOURS[number % len(COLOURS)])
    draw.text((300, 345), words(rng, 1), "white", font(40))
    return image


def line_drawing(rng: np.random.Generator, number: int) -> Image.Image:
    """Return a drawing by thin black lines."""
    image, draw = page(900, 700)
    for _ in range(14):
        x, y, r = rng.integers(80, 820), rng.integers(80, 620), rng.integers(20, 140)
        sides = int(rng.integers(3, 9))
        corners = [
            (x + r * math.cos(2 * math.pi * n / sides), y + r * math.sin(2 * math.pi * n / sides))
            for n in range(sides + 1)
        ]
        draw.line([(float(a), float(b)) for a, b in corners], fill=(20, 20, 20), width=2)
    return image


def x_ray(rng: np.random.Generator, number: int) -> Image.Image:
    """Return soft grey bones on black, with a marker."""
    bones = np.zeros((700, 600), np.float32)
    for rib in range(9):
        cv2.ellipse(bones, (300, 120 + 55 * rib), (200 + int(rng.integers(-15, 15)), 60), 0, 190, 350, 150.0, 12)
    cv2.rectangle(bones, (285, 60), (315, 660), 190.0, -1)
    soft = (
        cv2.GaussianBlur(bones, (0, 0), 2) + cv2.GaussianBlur(bones, (0, 0), 60) * 0.8 + rng.normal(0, 3, bones.shape)
    )
    image = Image.fromarray(np.clip(soft, 0, 255).astype(np.uint8)).convert("RGB")
    ImageDraw.Draw(image).text((40, 40), f"L {rng.integers(1000, 9999)}", "white", font(36))
    return image


KINDS: dict[str, tuple[Callable[[np.random.Generator, int], Image.Image], int]] = {
    "invoices": (invoice, 24),
    "receipts": (receipt, 24),
    "text pages": (text_page, 24),
    "slides": (slide, 24),
    "screenshots": (screenshot, 24),
    "terminals": (terminal, 12),
    "bar charts": (bar_chart, 24),
    "line charts": (line_chart, 24),
    "pie charts": (pie_chart, 12),
    "scatter charts": (scatter_chart, 12),
    "discs": (icon("disc"), len(COLOURS)),
    "rings": (icon("ring"), len(COLOURS)),
    "ticks": (icon("tick"), len(COLOURS)),
    "triangles": (icon("triangle"), len(COLOURS)),
    "flags": (flag, 20),
    "star fields": (star_field, 12),
    "snow": (snow, 12),
    "white products": (white_product, 12),
    "line drawings": (line_drawing, 24),
    "x-rays": (x_ray, 12),
}


def drawn(kind: str) -> list[np.ndarray]:
    """Return the pictures of one of KINDS, each uint8 (h, w, 3), RGB."""
    draw, count = KINDS[kind]
    rng = np.random.default_rng(list(KINDS).index(kind))
    return [np.array(draw(rng, number)) for number in range(count)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="a new folder for the pictures")
    folder = parser.parse_args().folder
    folder.mkdir(parents=True)
    for kind in KINDS:
        for number, pixels in enumerate(drawn(kind)):
            Image.fromarray(pixels).save(folder / f"{kind.replace(' ', '_')}_{number:02}.png")


if __name__ == "__main__":
    main()
