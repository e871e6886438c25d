"""Draws pages, icons and skies that are easily taken for one another, or for faulty photographs."""

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont

WORDS = "river stone window paper yellow market letter garden number second winter people".split()


def form(seed: int, size: tuple[int, int] = (620, 877)) -> Image.Image:
    """Return a page of one form, whose entries are the seed's own."""
    rng = np.random.default_rng(seed)
    page = Image.new("RGB", (620, 877), "white")
    draw = ImageDraw.Draw(page)
    draw.rectangle((40, 40, 240, 90), fill=(30, 60, 140))
    draw.text((50, 55), "ACME Supplies", "white", ImageFont.load_default(20))
    draw.text((40, 120), f"Invoice {rng.integers(1000, 9999)}", "black", ImageFont.load_default(16))
    draw.text((40, 150), " ".join(rng.choice(WORDS, 2)), "black", ImageFont.load_default(16))
    for row in range(6):
        y = 260 + 30 * row
        draw.text((45, y), " ".join(rng.choice(WORDS, 3)), "black", ImageFont.load_default(14))
        draw.text((500, y), f"{rng.uniform(1, 900):.2f}", "black", ImageFont.load_default(14))
        draw.line((40, y + 24, 580, y + 24), fill=(180, 180, 180))
    draw.line((40, 800, 580, 800), fill="black", width=2)
    return page if size == page.size else page.resize(size, Image.Resampling.LANCZOS)


def bars(seed: int) -> Image.Image:
    """Return a chart of eight bars of about the same height."""
    chart = Image.new("RGB", (800, 600), "white")
    draw = ImageDraw.Draw(chart)
    draw.line((80, 60, 80, 540, 760, 540), fill="black", width=3)
    for bar, height in enumerate(np.random.default_rng(seed).integers(240, 330, 8).tolist()):
        draw.rectangle((105 + 82 * bar, 540 - height, 160 + 82 * bar, 538), fill=(50, 110, 190))
    return chart


def disc(colour: tuple[int, int, int]) -> Image.Image:
    """Return a disc on white."""
    picture = Image.new("RGB", (256, 256), "white")
    ImageDraw.Draw(picture).ellipse((40, 40, 216, 216), fill=colour)
    return picture


def flag(*colours: tuple[int, int, int], lying: bool = True) -> Image.Image:
    """Return a flag of stripes of these colours."""
    stripes = np.array(colours, np.uint8)[:, None].repeat(3, axis=1)
    picture = Image.fromarray(stripes if lying else stripes.swapaxes(0, 1))
    return picture.resize((900, 600), Image.Resampling.NEAREST)


def stars(seed: int, count: int = 200, noise: float = 1.2) -> Image.Image:
    """Return a night sky with `count` stars, most of them faint, and the noise of a sensor."""
    rng = np.random.default_rng(seed)
    sky = rng.normal(9, noise, (480, 720))
    rows, columns = rng.integers(1, 479, count), rng.integers(1, 719, count)
    for row, column in zip(rows.tolist(), columns.tolist(), strict=True):
        sky[row - 1 : row + 2, column - 1 : column + 2] += rng.exponential(60) * np.array(
            [[0.2, 0.5, 0.2], [0.5, 1, 0.5], [0.2, 0.5, 0.2]]
        )
    return Image.fromarray(np.clip(sky, 0, 255).astype(np.uint8)).convert("RGB")


def scan(dpi: int, sigma: float) -> Image.Image:
    """Return a cutting of a printed page, as a scanner with soft optics sees it."""
    page = Image.new("RGB", (4 * dpi, 3 * dpi), "white")
    draw = ImageDraw.Draw(page)
    for row in range(12):
        words = " ".join(np.random.default_rng(row).choice(WORDS, 6))
        draw.text((dpi // 4, dpi // 4 + row * dpi // 5), words, (30, 30, 30), ImageFont.load_default(dpi / 7))
    return page.filter(ImageFilter.GaussianBlur(sigma))
