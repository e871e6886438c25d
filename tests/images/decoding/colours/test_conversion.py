import io
import subprocess
import sys
import threading
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms

from imgsort.images.decoding import decode as decode_module
from imgsort.images.decoding.colours import conversion as module
from imgsort.images.decoding.colours.conversion import conversion_for
from imgsort.images.decoding.decode import ReadSettings, decode
from imgsort.images.decoding.header import read_header
from imgsort.images.decoding.letterbox import Square
from tests.support import profiles
from tests.support.pictures import encode, gradient, see_through

PROJECT = Path(__file__).resolve().parents[4]
LOSSLESS = {"PNG": {}, "TIFF": {}, "WEBP": {"lossless": True}}
LOSSY = {"JPEG": {"quality": 100, "subsampling": 0}, "AVIF": {"quality": 100}, "HEIF": {"quality": 100}}
PROFILES = {
    "p3": profiles.display_p3(),
    "adobe": profiles.adobe_rgb(),
    "prophoto": profiles.prophoto(),
    "swapped": profiles.rgb(profiles.SWAPPED, profiles.srgb_curve()),
    "linear": profiles.rgb(profiles.SRGB, profiles.gamma_curve(1.0)),
}


def picture_file(picture: Image.Image, kind: str, **options: object) -> bytes:
    if kind == "HEIF":
        pytest.importorskip("pillow_heif").register_heif_opener()
    return encode(picture, kind, **{**LOSSLESS.get(kind, {}), **LOSSY.get(kind, {}), **options})


def distance(found: np.ndarray, expected: np.ndarray) -> int:
    assert found.shape == expected.shape
    return int(np.abs(found.astype(int) - expected).max())


@pytest.mark.parametrize("name", PROFILES)
@pytest.mark.parametrize("kind", LOSSLESS)
def test_the_colours_of_a_profile_become_srgb(name, kind):
    """A picture with a profile has the colours in sRGB that LittleCMS gives it."""
    picture = Image.fromarray(gradient())
    found = decode(picture_file(picture, kind, icc_profile=PROFILES[name]))
    assert distance(found, profiles.in_srgb(picture, PROFILES[name])) <= 1
    assert distance(found, gradient()) > 5


@pytest.mark.parametrize("name", ["p3", "swapped"])
@pytest.mark.parametrize("kind", LOSSY)
def test_the_colours_of_a_lossy_file_become_srgb_too(name, kind):
    """JPEG, AVIF and HEIC with a profile have the colours in sRGB that LittleCMS gives what they store."""
    flat = Image.new("RGB", (64, 64), (200, 60, 40))
    stored = Image.fromarray(decode(picture_file(flat, kind)))
    found = decode(picture_file(flat, kind, icc_profile=PROFILES[name]))
    assert distance(found, profiles.in_srgb(stored, PROFILES[name])) <= 3
    assert distance(found, np.asarray(flat)) > 12


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF"])
def test_a_grey_profile_changes_grey_levels(kind):
    """A grey picture with a gamma of its own is as light as LittleCMS makes it."""
    ramp = Image.fromarray(np.tile(np.arange(0, 256, 4, dtype=np.uint8), (16, 1)))
    stored = profiles.grey(1.0)
    found = decode(picture_file(ramp, kind, icc_profile=stored) if kind == "PNG" else
                   encode(ramp, kind, icc_profile=stored, **({"quality": 100} if kind == "JPEG" else {})))  # fmt: skip
    assert distance(found, profiles.in_srgb(ramp, stored)) <= 12 if kind == "JPEG" else 1
    assert found[0, 32, 0] > 170


@pytest.mark.parametrize("kind", ["TIFF", "JPEG"])
def test_inks_become_what_the_press_prints(kind):
    """A CMYK picture with the profile of a press is as LittleCMS says, not as plain arithmetic says."""
    inks = Image.merge("CMYK", [Image.fromarray(layer) for layer in
                                (*np.moveaxis(gradient(64, 96), 2, 0), np.full((64, 96), 30, np.uint8))])  # fmt: skip
    data = encode(inks, kind, icc_profile=profiles.press(), **({"quality": 100} if kind == "JPEG" else {}))
    with Image.open(io.BytesIO(data)) as stored:
        expected = profiles.in_srgb(stored, profiles.press())
    assert distance(decode(data), expected) <= 1
    assert distance(decode(encode(inks, kind)), expected) > 20


def test_a_large_press_jpeg_is_decoded_at_a_smaller_scale(monkeypatch):
    """Inks are converted after the JPEG was decoded at an eighth, and look as the whole picture shrunk."""
    inks = Image.merge("CMYK", [Image.fromarray(layer) for layer in
                                (*np.moveaxis(gradient(512, 800), 2, 0), np.zeros((512, 800), np.uint8))])  # fmt: skip
    data = encode(inks, "JPEG", icc_profile=profiles.press(), quality=95)
    seen = []
    real = Square.shrink
    monkeypatch.setattr(Square, "shrink", lambda square, pixels: seen.append(pixels.shape) or real(square, pixels))
    found = decode(data, square=Square(100))
    assert seen == [(64, 100, 4)]
    assert found.shape == (64, 100, 3)
    expected = cv2.resize(decode(data), (100, 64), interpolation=cv2.INTER_AREA)
    assert np.abs(found.astype(int) - expected).mean() < 4


def test_lab_is_converted_without_a_profile():
    """A TIFF in Lab has the colours that were turned to Lab, whole and scaled down."""
    picture = Image.fromarray(gradient(64, 96))
    to_lab = ImageCms.buildTransform(ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB"), "RGB", "LAB")
    data = encode(ImageCms.applyTransform(picture, to_lab), "TIFF")
    assert np.abs(decode(data).astype(int) - gradient(64, 96)).mean() < 3
    small = decode(data, square=Square(32)).astype(int)
    assert np.abs(small - Square(32).shrink(gradient(64, 96))).mean() < 4


def test_a_transparent_picture_has_a_profile_too():
    """The colours of a picture that is partly transparent are converted, and then laid over the ground."""
    data = encode(see_through(), "PNG", icc_profile=PROFILES["p3"])
    opacity = np.asarray(see_through())[..., 3:] / 255
    expected = profiles.in_srgb(see_through().convert("RGB"), PROFILES["p3"]) * opacity
    assert np.abs(decode(data) - expected).max() <= 3
    assert np.abs(decode(data)[:, 20:36] - np.asarray(see_through())[:, 20:36, :3] * opacity[:, 20:36]).max() > 8


@pytest.mark.parametrize("orientation", [1, 6])
def test_a_small_picture_is_converted_as_the_large_one(orientation):
    """A picture that was shrunk first has nearly the colours of one that was converted first; it is upright."""
    data = encode(gradient(64, 96), "JPEG", orientation=orientation, icc_profile=PROFILES["adobe"], quality=95)
    small = decode(data, square=Square(32))
    assert np.abs(small.astype(int) - Square(32).shrink(decode(data))).mean() < 4


def test_a_file_cut_short_keeps_its_profile():
    """What can be saved of a JPEG that is cut short is converted as the whole one is."""
    noise = np.random.default_rng(0).integers(0, 256, (160, 120, 3), dtype=np.uint8)
    data = encode(noise, "JPEG", icc_profile=PROFILES["swapped"])
    part = decode(data[: int(0.6 * len(data))], ReadSettings(truncated="use"))
    assert distance(part[:30], decode(data)[:30]) <= 6


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
@pytest.mark.parametrize(
    "srgb",
    [profiles.built_in_srgb(), profiles.rgb(profiles.SRGB, profiles.srgb_curve())],
    ids=["parameters", "table"],
)
def test_a_profile_of_srgb_builds_nothing(monkeypatch, kind, srgb):
    """A picture with any profile of sRGB is read as without one, and no transform is built for it."""
    monkeypatch.setattr(module, "_CONVERSIONS", module._Conversions())
    monkeypatch.setattr(module, "_built", lambda *_: pytest.fail("a transform was built"))
    plain = encode(gradient(), kind)
    assert np.array_equal(decode(encode(gradient(), kind, icc_profile=srgb)), decode(plain))


@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK"])
@pytest.mark.parametrize("meant_for", ["L", "RGB", "CMYK"])
def test_a_profile_for_other_pixels_is_ignored(mode, meant_for):
    """A profile that is meant for other pixels than the file's changes nothing."""
    if mode == meant_for:
        pytest.skip("it fits")
    stored = {"L": profiles.grey(1.0), "RGB": PROFILES["linear"], "CMYK": profiles.press()}[meant_for]
    picture = Image.fromarray(gradient()).convert(mode)
    assert np.array_equal(decode(encode(picture, "JPEG", icc_profile=stored)), decode(encode(picture, "JPEG")))


def changed(start: int, value: bytes, stored: bytes = PROFILES["swapped"]) -> bytes:
    return stored[:start] + value + stored[start + len(value) :]


@pytest.mark.parametrize(
    "broken",
    [
        b"",
        b"no profile at all",
        bytes(4000),
        PROFILES["swapped"][:150],
        changed(36, b"ACSP"),
        changed(12, b"link"),
        changed(12, b"nmcl"),
        changed(12, b"abst"),
        changed(16, b"HSV "),
        changed(20, b"RGB "),
        changed(128, b"\xff\xff\xff\xff"),
        changed(136, b"\xff\xff\xff\xf0"),
        profiles.profile(b"RGB ", {}),
        profiles.profile(b"RGB ", {b"rXYZ": profiles.xyz((0, 0, 0))}),
        profiles.rgb(profiles.SRGB, profiles.gamma_curve(120)),
        profiles.rgb(profiles.SRGB, b"curv" + bytes(4) + (4).to_bytes(4, "big") + bytes(8)),
        changed(0, b"", PROFILES["swapped"] + bytes(9 * 1024**2)),
    ],
    ids=range(17),
)
@pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF", "WEBP"])
def test_a_broken_profile_is_ignored(kind, broken):
    """A profile that is broken, not for pictures, too large, or makes all of one colour changes no pixel."""
    plain = picture_file(Image.fromarray(gradient()), kind)
    assert np.array_equal(decode(picture_file(Image.fromarray(gradient()), kind, icc_profile=broken)), decode(plain))


def test_a_transform_is_built_once_for_each_profile(monkeypatch):
    """Pictures of one profile share a transform; of many profiles, the last ones are kept."""
    built = []
    real = module._built
    monkeypatch.setattr(module, "_CONVERSIONS", module._Conversions())
    monkeypatch.setattr(module, "_built", lambda profile, mode: built.append(profile) or real(profile, mode))
    files = [encode(gradient(), "PNG", icc_profile=profiles.rgb(profiles.P3, profiles.gamma_curve(1 + number / 50)))
             for number in range(40)]  # fmt: skip
    for data in files + files[-20:]:
        decode(data)
    assert len(built) == 40
    assert len(module._CONVERSIONS._kept) == 32


def test_threads_share_a_transform():
    """Many threads that convert by one profile at once get the same pixels."""
    data = encode(gradient(300, 400), "PNG", icc_profile=PROFILES["prophoto"])
    expected = decode(data)
    found = []
    threads = [
        threading.Thread(target=lambda: found.extend(decode(data).tobytes() for _ in range(10))) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert set(found) == {expected.tobytes()}
    assert len(found) == 80


def test_ordinary_files_need_no_conversion():
    """A file without a profile is taken for sRGB, whatever its kind."""
    for kind in ("JPEG", "PNG", "BMP", "GIF", "TIFF", "WEBP", "AVIF"):
        data = encode(gradient(), kind)
        name = {"JPEG": "jpeg"}.get(kind, kind.lower())
        assert conversion_for(data, read_header(data, name)) is None


def test_the_reader_has_a_new_version():
    """The kept features of readers that knew no colours are not used again."""
    assert decode_module.READER_VERSION > 1


HOSTILE = """
import random, sys
import numpy as np
from imgsort.images.decoding.decode import decode
from tests.support import profiles
from tests.support.pictures import encode, gradient
from PIL import Image
chance = random.Random(7)
pictures = {"RGB": Image.fromarray(gradient()), "CMYK": Image.fromarray(gradient()).convert("CMYK"),
            "L": Image.fromarray(gradient()).convert("L")}
seeds = [("RGB", profiles.display_p3()), ("RGB", profiles.built_in_srgb()), ("L", profiles.grey(1.8)),
         ("CMYK", profiles.press()), ("RGB", profiles.prophoto())]
for number in range(1500):
    mode, stored = chance.choice(seeds)
    stored = bytearray(stored)
    for _ in range(chance.choice((1, 2, 8, 40))):
        front = chance.choice((150, 300, len(stored)))
        place = chance.randrange(36, min(front, len(stored)))
        stored[place] = chance.choice((0, 1, 0x7F, 0x80, 0xFF, chance.randrange(256)))
    if chance.random() < 0.2:
        del stored[chance.randrange(132, len(stored)):]
    if chance.random() < 0.8:
        stored[36:40] = b"acsp"
    assert decode(encode(pictures[mode], "TIFF", icc_profile=bytes(stored))).shape == (24, 40, 3)
print("alive")
"""


def test_mutated_profiles_never_crash():
    """Hundreds of damaged profiles of every kind leave the process alive; each picture is read."""
    done = subprocess.run(
        [sys.executable, "-c", HOSTILE], cwd=PROJECT, capture_output=True, timeout=240, check=False, text=True
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert done.stdout.split() == ["alive"]


@settings(deadline=None, max_examples=100)
@given(st.binary(max_size=600), st.sampled_from(["PNG", "TIFF", "WEBP"]), st.booleans())
def test_random_bytes_are_no_profile(stored, kind, has_header):
    """Random bytes in the place of a profile, with or without the header of one, never spoil a picture."""
    stored = profiles.display_p3()[:128] + stored if has_header else stored
    picture = Image.fromarray(gradient())
    assert decode(picture_file(picture, kind, icc_profile=stored)).shape == (24, 40, 3)
