"""Makes ICC profiles as bytes, without the source under test, and asks LittleCMS what their colours are in sRGB."""

import io
import struct
from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageCms

P3 = ((0.68, 0.32), (0.265, 0.69), (0.15, 0.06))
ADOBE = ((0.64, 0.33), (0.21, 0.71), (0.15, 0.06))
PROPHOTO = ((0.7347, 0.2653), (0.1596, 0.8404), (0.0366, 0.0001))
SRGB = ((0.64, 0.33), (0.30, 0.60), (0.15, 0.06))
SWAPPED = (SRGB[1], SRGB[0], SRGB[2])
D65, D50 = (0.3127, 0.3290), (0.3457, 0.3585)
BRADFORD = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])
D50_XYZ = np.array([0.9642, 1.0, 0.8249])


def built_in_srgb() -> bytes:
    """Return the sRGB profile that comes with LittleCMS."""
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def srgb_curve(count: int = 1024) -> bytes:
    """Return a `curv` tag of sRGB's curve with `count` points, as old profiles have it."""
    x = np.linspace(0, 1, count)
    y = np.where(x <= 0.04045, x / 12.92, ((x + 0.055) / 1.055) ** 2.4)
    return struct.pack(">4s4xI", b"curv", count) + (y * 65535).round().astype(">u2").tobytes()


def gamma_curve(gamma: float) -> bytes:
    """Return a `curv` tag of one number, a gamma."""
    return struct.pack(">4s4xIH2x", b"curv", 1, round(gamma * 256))


def profile(space: bytes, tags: dict[bytes, bytes], device: bytes = b"mntr", connection: bytes = b"XYZ ") -> bytes:
    """Return an ICC profile of version 2 with these tags."""
    tags = {**tags, b"wtpt": xyz(D50_XYZ)}
    start, table, bodies = 132 + 12 * len(tags), b"", b""
    for name, body in tags.items():
        table += struct.pack(">4sII", name, start + len(bodies), len(body))
        bodies += body + bytes(-len(body) % 4)
    head = struct.pack(">I4xI4s4s4s12x4s", start + len(bodies), 0x02400000, device, space, connection, b"acsp")
    head += bytes(28) + fixed(D50_XYZ)
    return head.ljust(128, b"\0") + struct.pack(">I", len(tags)) + table + bodies


def fixed(values: Sequence[float] | np.ndarray) -> bytes:
    """Return ICC's numbers of 16 bits before and after the point."""
    return (np.asarray(values) * 65536).round().astype(">i4").tobytes()


def xyz(values: Sequence[float] | np.ndarray) -> bytes:
    """Return an `XYZ ` tag."""
    return b"XYZ \0\0\0\0" + fixed(values)


def rgb(primaries: Sequence[tuple[float, float]], curve: bytes, white: tuple[float, float] = D65) -> bytes:
    """Return the profile of RGB with these primaries (x, y), this white and one curve."""
    columns = np.array([[x / y, 1, (1 - x - y) / y] for x, y in primaries]).T
    light = np.array([white[0] / white[1], 1, (1 - sum(white)) / white[1]])
    adapt = np.linalg.inv(BRADFORD) @ np.diag(BRADFORD @ D50_XYZ / (BRADFORD @ light)) @ BRADFORD
    red, green, blue = (adapt @ (columns * np.linalg.solve(columns, light))).T
    tags = {b"rXYZ": xyz(red), b"gXYZ": xyz(green), b"bXYZ": xyz(blue)}
    return profile(b"RGB ", {**tags, b"rTRC": curve, b"gTRC": curve, b"bTRC": curve})


def display_p3() -> bytes:
    """Return Display P3, which phones embed."""
    return rgb(P3, srgb_curve())


def adobe_rgb() -> bytes:
    """Return Adobe RGB (1998)."""
    return rgb(ADOBE, gamma_curve(563 / 256))


def prophoto() -> bytes:
    """Return ProPhoto RGB."""
    return rgb(PROPHOTO, gamma_curve(1.8), D50)


def grey(gamma: float) -> bytes:
    """Return a profile of grey with a gamma."""
    return profile(b"GRAY", {b"kTRC": gamma_curve(gamma)})


def press() -> bytes:
    """Return a profile of four inks on a yellowish paper: a table of Lab at the corners of the inks' cube."""
    inks = {
        0: (0.62, 0.5 - 0.14, 0.5 - 0.2),
        1: (0.55, 0.5 + 0.28, 0.49),
        2: (0.92, 0.49, 0.5 + 0.34),
        3: (0.2, 0.5, 0.5),
    }
    corners = []
    for number in range(16):
        lab = np.array([0.95, 0.5, 0.52])
        for ink, colour in inks.items():
            if number >> (3 - ink) & 1:
                lab = np.array([lab[0] * colour[0], *(np.array(colour[1:]) - 0.5) * 0.8 + lab[1:]])
        corners.append(np.clip(lab, 0, 1))
    line = np.arange(256, dtype=np.uint8).tobytes()
    head = struct.pack(">4s4xBBBx", b"mft1", 4, 3, 2) + fixed(np.eye(3).reshape(-1))
    body = head + line * 4 + (np.array(corners) * 255).round().astype(np.uint8).tobytes() + line * 3
    return profile(b"CMYK", {b"A2B0": body}, device=b"prtr", connection=b"Lab ")


def in_srgb(picture: Image.Image, stored: bytes) -> np.ndarray:
    """Return what LittleCMS makes of a picture with the profile `stored`: sRGB, uint8 (h, w, 3)."""
    converted = ImageCms.profileToProfile(picture, io.BytesIO(stored), io.BytesIO(built_in_srgb()), outputMode="RGB")
    assert converted is not None
    return np.asarray(converted)
