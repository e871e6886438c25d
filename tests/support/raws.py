"""Makes small RAW files: a DNG with or without previews, and the containers of other makers."""

import struct

import numpy as np

from tests.support.pictures import encode, gradient

_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 10: 8}
_FORMS = {1: "B", 2: "B", 3: "H", 4: "I", 10: "i"}


def dng(
    preview: bytes = b"", *, orientation: int = 1, levels: np.ndarray | None = None, tiled_as: bytes = b""
) -> bytes:
    """Return a DNG. `levels`: uint16 (h, w), what the sensor saw. `preview`: a JPEG that lies after it.

    `tiled_as`: a JPEG that holds the sensor's data instead of `levels`.
    """
    levels = np.full((32, 48), 3000, np.uint16) if levels is None else levels
    height, width = levels.shape
    stored = tiled_as or levels.astype("<u2").tobytes()
    entries = [
        (254, 4, (0,)), (256, 4, (width,)), (257, 4, (height,)), (258, 3, (16,)), (259, 3, (34892 if tiled_as else 1,)),
        (262, 3, (32803,)), (271, 2, tuple(b"Maker\0")), (272, 2, tuple(b"Camera\0")), (273, 4, (8,)),
        (274, 3, (orientation,)), (277, 3, (1,)), (278, 4, (height,)), (279, 4, (len(stored),)),
        (33421, 3, (2, 2)), (33422, 1, (0, 1, 1, 2)), (50706, 1, (1, 4, 0, 0)), (50708, 2, tuple(b"Camera\0")),
        (50717, 4, (16383,)), (50721, 10, (1, 1, 0, 1, 0, 1, 0, 1, 1, 1, 0, 1, 0, 1, 0, 1, 1, 1)),
    ]  # fmt: skip
    return _tiff(stored + preview, entries)


def _tiff(body: bytes, entries: list[tuple[int, int, tuple[int, ...]]]) -> bytes:
    body += b"\0" * (len(body) % 2)
    directory = 8 + len(body)
    place, more, rows = directory + 2 + 12 * len(entries) + 4, b"", b""
    for tag, form, numbers in entries:
        value = struct.pack(f"<{len(numbers)}{_FORMS[form]}", *numbers)
        count = len(numbers) // 2 if form == 10 else len(numbers)
        if len(value) > 4:
            value, more = struct.pack("<I", place + len(more)), more + value + b"\0" * (len(value) % 2)
        rows += struct.pack("<HHI", tag, form, count) + value.ljust(4, b"\0")
    return b"II*\0" + struct.pack("<I", directory) + body + struct.pack("<H", len(entries)) + rows + bytes(4) + more


def cr3(preview: bytes, orientation: int = 1) -> bytes:
    """Return the boxes of a CR3 with this preview."""
    tiff = b"II*\0" + struct.pack("<IH", 8, 1) + struct.pack("<HHII", 274, 3, 1, orientation) + bytes(4)
    moov = _box(b"moov", _box(b"uuid", bytes(16) + _box(b"CMT1", tiff)))
    return (
        _box(b"ftyp", b"crx \0\0\0\1crx isom") + moov + _box(b"uuid", bytes(40) + preview) + _box(b"mdat", bytes(999))
    )


def _box(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", 8 + len(content)) + name + content


def raf(preview: bytes) -> bytes:
    """Return the head of a RAF with this preview."""
    sensor = bytes(500)
    places = struct.pack(">IIIIII", 160, len(preview), 0, 0, 160 + len(preview), len(sensor))
    return (b"FUJIFILMCCD-RAW 0201".ljust(84, b"\0") + places).ljust(160, b"\0") + preview + sensor


def jpeg(height: int = 400, width: int = 600, **options: object) -> bytes:
    """Return a JPEG of the gradient."""
    return encode(gradient(height, width), "JPEG", quality=95, **options)
