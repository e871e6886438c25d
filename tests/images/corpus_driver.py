"""Reads every file of a folder with imgsort and with Pillow, one line of JSON for each file.

It runs in its own process, so that a crash does not end the tests.

    python -m tests.images.corpus_driver FOLDER
"""

import io
import json
import sys
import time
import warnings
from pathlib import Path

from PIL import Image

from imgsort.errors import UnreadableImageError
from imgsort.images.decoding.decode import ReadSettings, decode
from imgsort.images.decoding.letterbox import Square
from tests.images.fuzz_memory import peak_mib

# The formats that imgsort reads, in the words of Pillow.
FORMATS = "AVIF BMP DDS DIB GIF ICO JPEG JPEG2000 PNG PPM PSD QOI TGA TIFF WEBP".split()
MOST_PIXELS = 50_000_000


def main() -> None:
    """Print what becomes of each file."""
    warnings.simplefilter("ignore")
    Image.init()
    Image.MAX_IMAGE_PIXELS = None
    for path in sorted(Path(sys.argv[1]).rglob("*")):
        if path.is_file():
            print(json.dumps({"start": str(path)}), flush=True)
            print(json.dumps(outcome(path)), flush=True)


def outcome(path: Path) -> dict:
    """Return the reason that imgsort gives, or None, and whether Pillow loads the file whole."""
    data = path.read_bytes()
    pixels = pixels_by_pillow(data, load=False)
    _forget_peak()
    begin, reason = time.monotonic(), None
    try:
        decode(data, ReadSettings(max_pixels=MOST_PIXELS), Square(224), path.name)
    except UnreadableImageError as error:
        reason = str(error)
    seconds, peak = time.monotonic() - begin, peak_mib()
    whole = reason is not None and 0 < pixels <= MOST_PIXELS and pixels_by_pillow(data, load=True) > 0
    return {"path": str(path), "reason": reason, "whole": whole, "seconds": seconds, "peak_mib": peak}


def pixels_by_pillow(data: bytes, *, load: bool) -> int:
    """Return how many pixels Pillow finds, or 0 if it does not read the file."""
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as image:
            if load:
                image.load()
            return image.width * image.height
    except Exception:  # noqa: BLE001 - its plugins raise nearly any error
        return 0


def _forget_peak() -> None:
    place = Path("/proc/self/clear_refs")
    if place.exists():
        place.write_text("5")


if __name__ == "__main__":
    main()
