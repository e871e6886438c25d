"""Measures how well `imgsort check` tells photographs with a fault from good ones.

    python benchmarks/faults.py FOLDER...

Each FOLDER, with its subfolders, holds good photographs of one kind. The SHA-256 of their bytes splits them into two
halves. The script makes faulty pictures of them: blur, exposure, single colours, thumbnails, strips and near
duplicates. Each is encoded as JPEG at quality 85 and decoded again. One half shows what the thresholds could be. The
other half gives recall and precision of the default thresholds. All unaltered photographs give the false alarms, and so
do documents, screenshots, charts and drawings of `drawn_pictures.py`.

Blur is Gaussian, with sigma in pixels of an image whose longer side is 512. Exposure is in stops, in linear light.
Precision is the share of altered photographs among the flagged ones, if there are as many altered as unaltered ones.
"""

import argparse
import hashlib
import itertools
import platform
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import cv2
import imagehash
import numpy as np
from drawn_pictures import KINDS, drawn

from imgsort.grouping.duplicates import group_near_duplicates
from imgsort.images.decoding.decode import ReadSettings, decode_bytes
from imgsort.images.decoding.letterbox import Square
from imgsort.images.judging.perceptual_hash import MAX_DISTANCE, perceptual_hash
from imgsort.images.judging.quality import (
    ANALYSIS_SIDE_PX,
    BLANK,
    BLURRED,
    ODD_ASPECT,
    REASONS,
    TOO_BRIGHT,
    TOO_DARK,
    TOO_SMALL,
    Measures,
    Thresholds,
    analysis_pixels,
    faults,
    measure,
)
from imgsort.images.judging.same_picture import same_pictures
from imgsort.images.judging.tiny_image import tiny_image
from imgsort.version import __version__

SUFFIXES = (".jpg", ".jpeg", ".png")
SIGMAS = (1, 2, 4, 6, 8)
STOPS = (-3, -2.5, -2, -1.5, 1.5, 2, 2.5, 3)
COLOURS = ((0, 0, 0), (255, 255, 255), (128, 128, 128), (200, 30, 30), (20, 60, 200), (230, 220, 190))
THUMBNAIL_SIDES_PX = (32, 48, 60)
STRIP_ASPECTS = (5, 8, 20)
# For each reason: its measure, the sign (1 if a higher value is faulty, else -1), the strengths that its threshold is
# chosen by, and the thresholds to try.
CHOICES = {
    BLURRED: ("sharpness", -1, [f"sigma {sigma}" for sigma in SIGMAS[2:]], (0.17, 0.19, 0.21, 0.23, 0.25, 0.27)),
    TOO_DARK: ("highlights", -1, ["-3 stops"], (105, 115, 125, 140, 150, 160)),
    TOO_BRIGHT: ("overexposure", 1, ["+3 stops"], (0.20, 0.23, 0.26, 0.29, 0.33, 0.40)),
}


@dataclass(frozen=True)
class Look:
    """The hash that proposes near duplicates, and the tiny image that confirms them."""

    bits: int
    tiny_image: np.ndarray

    @classmethod
    def of(cls, pixels: np.ndarray) -> "Look":
        return cls(perceptual_hash(pixels), tiny_image(pixels))

    def compared(self, other: "Look") -> tuple[int, bool]:
        """Return in how many bits two looks differ, and whether the tiny images show the same."""
        both = np.array([self.tiny_image, other.tiny_image])
        return (self.bits ^ other.bits).bit_count(), bool(same_pictures(both, 0, np.array([1]))[0])


@dataclass
class Half:
    """The measures of one half of the photographs."""

    unaltered: list[Measures] = field(default_factory=list)
    altered: dict[tuple[str, str], list[Measures]] = field(default_factory=lambda: defaultdict(list))
    copies: dict[str, list[tuple[int, bool]]] = field(default_factory=lambda: defaultdict(list))


def encoded(pixels: np.ndarray, quality: int = 85) -> np.ndarray:
    """Return `pixels` as JPEG keeps them. OpenCV's order of colours is BGR."""
    data = cv2.imencode(".jpg", pixels[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    return cv2.imdecode(data, cv2.IMREAD_COLOR_RGB)


def exposed(pixels: np.ndarray, stops: float) -> np.ndarray:
    """Return sRGB `pixels` as a camera would have taken them with `stops` more light (IEC 61966-2-1)."""
    value = np.arange(256) / 255
    linear = np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)
    linear = np.minimum(linear * 2.0**stops, 1)
    value = np.where(linear <= 0.0031308, linear * 12.92, 1.055 * linear ** (1 / 2.4) - 0.055)
    return np.rint(value * 255).astype(np.uint8)[pixels]


def with_faults(pixels: np.ndarray) -> Iterator[tuple[str, str, np.ndarray]]:
    """Yield the reason, the strength and the pixels of each fault that is made of a photograph."""
    height, width = pixels.shape[:2]
    longer = max(height, width)
    for sigma in SIGMAS:
        yield BLURRED, f"sigma {sigma}", cv2.GaussianBlur(pixels, (0, 0), sigma * longer / ANALYSIS_SIDE_PX)
    for stops in STOPS:
        yield TOO_DARK if stops < 0 else TOO_BRIGHT, f"{stops:+g} stops", exposed(pixels, stops)
    for side in THUMBNAIL_SIDES_PX:
        size = max(1, width * side // longer), max(1, height * side // longer)
        yield TOO_SMALL, f"longer side {side} px", cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
    for aspect in STRIP_ASPECTS:
        rows, columns = max(1, width // aspect), max(1, height // aspect)
        yield ODD_ASPECT, f"lying, {aspect}:1", pixels[(height - rows) // 2 :][:rows]
        yield ODD_ASPECT, f"standing, 1:{aspect}", pixels[:, (width - columns) // 2 :][:, :columns]


def copies(pixels: np.ndarray) -> Iterator[tuple[str, np.ndarray]]:
    """Yield the kind and the pixels of each near duplicate of a photograph."""
    height, width = pixels.shape[:2]
    yield "JPEG quality 50", encoded(pixels, 50)
    yield "half the size", encoded(cv2.resize(pixels, (width // 2, height // 2), interpolation=cv2.INTER_AREA))
    yield "+1/3 stop", encoded(exposed(pixels, 1 / 3))
    for share in (0.02, 0.05):
        top, left = round(height * share / 2), round(width * share / 2)
        yield f"{share:.0%} cropped off", encoded(pixels[top : height - top, left : width - left])


def measured(pixels: np.ndarray) -> Measures:
    """Measure an image that this script made."""
    return measure(pixels, pixels.shape[1], pixels.shape[0])


def measure_photograph(data: bytes, half: Half) -> tuple[Measures, Look]:
    """Measure a photograph and all images made of it, into `half`. Return its own measures and look."""
    header, pixels = decode_bytes(data, ReadSettings(), Square(ANALYSIS_SIDE_PX))
    own = measure(pixels, header.width, header.height), Look.of(pixels)
    half.unaltered.append(own[0])
    for reason, strength, altered in with_faults(pixels):
        half.altered[reason, strength].append(measured(encoded(altered)))
    for kind, copy in copies(pixels):
        half.copies[kind].append(own[1].compared(Look.of(copy)))
    return own


def add_blank(half: Half) -> None:
    """Add images of a single colour, in some sizes."""
    for colour, size_hw in itertools.product(COLOURS, ((480, 640), (200, 150), (3000, 4000))):
        half.altered[BLANK, "single colour"].append(measured(encoded(np.full((*size_hw, 3), colour, np.uint8))))


def flagged(rows: list[Measures], reason: str) -> float:
    """Return the share of `rows` that get the reason `reason`."""
    thresholds = Thresholds()
    return sum(reason in {fault.reason for fault in faults(row, thresholds)} for row in rows) / len(rows)


def print_choices(half: Half) -> None:
    """Print what each threshold would do on the half that serves to choose thresholds."""
    print("| measure | threshold | strengths | recall | false alarms |\n| --- | --- | --- | --- | --- |")
    for reason, (name, sign, strengths, thresholds) in CHOICES.items():
        groups = [[row for strength in strengths for row in half.altered[reason, strength]], half.unaltered]
        values = [np.array([np.nan if (v := getattr(row, name)) is None else v for row in rows]) for rows in groups]
        for threshold in thresholds:
            recall, alarms = (np.mean(sign * group > sign * threshold) for group in values)
            print(f"| {name} | {threshold} | {', '.join(strengths)} | {recall:.3f} | {alarms:.2%} |")


def print_recall(half: Half) -> None:
    """Print recall and precision of the default thresholds on the other half."""
    print("| reason | strength | made | recall | precision |\n| --- | --- | --- | --- | --- |")
    for (reason, strength), rows in half.altered.items():
        recall, alarms = flagged(rows, reason), flagged(half.unaltered, reason)
        precision = f"{recall / (recall + alarms):.3f}" if recall + alarms else "-"
        print(f"| {reason} | {strength} | {len(rows)} | {recall:.3f} | {precision} |")
    print()
    print_copies(half.copies)


def print_copies(copies_of: dict[str, list[tuple[int, bool]]]) -> None:
    """Print how many copies are found, and how many the hash alone would find at some distances."""
    print("| near duplicates: copies | made | recall | by the hash alone | at distance 4 | 6 | 10 |")
    print(f"|{' --- |' * 7}")
    for kind, found in copies_of.items():
        distances, confirmed = (np.array(column) for column in zip(*found, strict=True))
        recall = np.mean((distances <= MAX_DISTANCE) & confirmed)
        shares = " | ".join(f"{np.mean(distances <= most):.3f}" for most in (MAX_DISTANCE, 4, 6, 10))
        print(f"| {kind} | {len(found)} | {recall:.3f} | {shares} |")


def near_duplicates(looks: list[Look]) -> tuple[np.ndarray, int]:
    """Return a label for each of `looks`, and how many near duplicates the hash alone would find."""
    hashes = np.array([look.bits for look in looks], np.uint64)
    tiny_images = np.array([look.tiny_image for look in looks])
    labels = group_near_duplicates(hashes, MAX_DISTANCE, partial(same_pictures, tiny_images))
    return labels, len(looks) - len(np.unique(group_near_duplicates(hashes, MAX_DISTANCE)))


def print_alarms(folders: dict[str, list[tuple[Path, Measures, Look]]]) -> None:
    """Print the faults and near duplicates that are found in unaltered photographs."""
    print(f"| unaltered | photographs | {' | '.join(REASONS)} | near duplicates | by the hash alone |")
    print(f"|{' --- |' * (len(REASONS) + 4)}")
    twins = []
    for name, rows in folders.items():
        alarms = " | ".join(f"{flagged([row[1] for row in rows], reason):.2%}" for reason in REASONS)
        labels, by_hash = near_duplicates([row[2] for row in rows])
        leaders = np.unique(labels, return_index=True)[1]
        followers = np.setdiff1d(np.arange(len(rows)), leaders)
        twins += [(rows[leaders[labels[row]]], rows[row]) for row in followers]
        print(f"| {name} | {len(rows)} | {alarms} | {len(followers)} | {by_hash} |")
    print("\nNear duplicates among the unaltered, by distance:\n")
    for first, second in sorted(twins, key=lambda pair: (pair[0][2].bits ^ pair[1][2].bits).bit_count()):
        print(f"- {(first[2].bits ^ second[2].bits).bit_count()}: {first[0].name}, {second[0].name}")


def print_drawn() -> None:
    """Print the faults and near duplicates among drawn pictures, which have none, and the recall of their copies."""
    copies_of: dict[str, list[tuple[int, bool]]] = defaultdict(list)
    print(f"| drawn | pictures | {' | '.join(REASONS)} | near duplicates | by the hash alone |")
    print(f"|{' --- |' * (len(REASONS) + 4)}")
    for kind in KINDS:
        pictures = drawn(kind)
        rows = [measured(encoded(pixels)) for pixels in pictures]
        looks = [Look.of(encoded(analysis_pixels(pixels))) for pixels in pictures]
        alarms = " | ".join(f"{flagged(rows, reason):.2%}" for reason in REASONS)
        labels, by_hash = near_duplicates(looks)
        print(f"| {kind} | {len(rows)} | {alarms} | {len(rows) - len(np.unique(labels))} | {by_hash} |")
        for pixels, look in zip(pictures[::4], looks[::4], strict=True):
            for name, copy in copies(analysis_pixels(pixels)):
                copies_of[name].append(look.compared(Look.of(copy)))
    print()
    print_copies(copies_of)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", type=Path, nargs="+", metavar="FOLDER", help="good photographs; subfolders too")
    cv2.setNumThreads(1)
    choosing, reporting = Half(), Half()
    folders: dict[str, list[tuple[Path, Measures, Look]]] = {}
    for folder in parser.parse_args().folders:
        rows = folders[folder.name] = []
        for path in sorted(path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES):
            data = path.read_bytes()
            half = choosing if hashlib.sha256(data).digest()[0] % 2 else reporting
            rows.append((path, *measure_photograph(data, half)))
    add_blank(reporting)

    versions = f"Python {platform.python_version()}, OpenCV {cv2.__version__}, ImageHash {imagehash.__version__}"
    print(f"imgsort {__version__}, {versions}\n\n{Thresholds()}, MAX_DISTANCE={MAX_DISTANCE}\n")
    print(f"The half to choose by, {len(choosing.unaltered)} photographs:\n")
    print_choices(choosing)
    print(f"\nThe other half, {len(reporting.unaltered)} photographs, with the default thresholds:\n")
    print_recall(reporting)
    print("\nFalse alarms:\n")
    print_alarms(folders)
    print("\nDrawn pictures, all of them different and without a fault:\n")
    print_drawn()


if __name__ == "__main__":
    main()
