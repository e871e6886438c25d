"""Tells the kind of an image by its first bytes. Also tells which kind the name claims.

The name counts only where the first bytes leave it open: for a TGA, a bitmap without its file header, and a RAW file.
"""

import os

from imgsort.images.checked_heads import is_bmp, is_dib, is_ico, is_ppm, is_qoi, is_tga
from imgsort.sidecar_names.kinds import RAW_SUFFIXES

# An AVIF may name its kind late in a long list of brands.
HEAD_BYTES = 4096

_KINDS_OF_SUFFIXES = {
    "avif": ".avif",
    "bmp": ".bmp .dib",
    "dds": ".dds",
    "gif": ".gif",
    "heif": ".heic .heics .heif .heifs .hif",
    "ico": ".ico",
    "jp2": ".j2c .j2k .jp2 .jpc .jpf .jpx",
    "jpeg": ".jfif .jpe .jpeg .jpg",
    "png": ".apng .png",
    "jxl": ".jxl",
    "ppm": ".pbm .pgm .pnm .ppm",
    "psd": ".psd",
    "qoi": ".qoi",
    "svg": ".svg",
    "tga": ".tga",
    "tiff": ".tif .tiff",
    "webp": ".webp",
}
_KIND_OF_SUFFIX = {suffix: kind for kind, suffixes in _KINDS_OF_SUFFIXES.items() for suffix in suffixes.split()}

# A RAW file is not among them: it may be the sidecar of an image.
IMAGE_SUFFIXES = frozenset(_KIND_OF_SUFFIX)
_KIND_OF_SUFFIX.update(dict.fromkeys(RAW_SUFFIXES, "raw"))

# Kinds of images that imgsort does not read.
_UNREAD_KINDS = {
    "a drawing in PostScript": ".eps .epsf",
    "a drawing of Windows": ".emf .wmf",
    "an image of GIMP": ".xcf",
    "an image of Krita": ".kra",
    "a large image of Photoshop": ".psb",
    "an OpenEXR image": ".exr",
    "a JPEG XR image": ".hdp .jxr .wdp",
    "a JPEG-LS image": ".jls",
    "a PCX image": ".pcx",
    "an SGI image": ".sgi",
    "a BPG image": ".bpg",
    "an icon of macOS": ".icns",
    "a mouse pointer": ".ani .cur",
}
_UNREAD_OF_SUFFIX = {suffix: words for words, suffixes in _UNREAD_KINDS.items() for suffix in suffixes.split()}

_MAGIC = (
    (b"\xff\xd8\xff", "jpeg"),
    (b"\x89PNG\r\n\x1a\n", "png"),
    (b"GIF87a", "gif"),
    (b"GIF89a", "gif"),
    (b"II*\x00", "tiff"),
    (b"MM\x00*", "tiff"),
    (b"II+\x00\x08\x00\x00\x00", "tiff"),
    (b"MM\x00+\x00\x08\x00\x00", "tiff"),
    (b"BM", "bmp"),
    (b"\xff\x4f\xff\x51\x00", "jp2"),
    (b"\x00\x00\x00\x0cjP  \r\n\x87\n", "jp2"),
    (b"\xff\x0a", "jxl"),
    (b"\x00\x00\x00\x0cJXL \r\n\x87\n", "jxl"),
    (b"8BPS\x00\x01" + bytes(6), "psd"),
    (b"DDS \x7c\x00\x00\x00", "dds"),
)
_CHECKED = ((is_qoi, "qoi"), (is_ppm, "ppm"), (is_ico, "ico"))
_CHECKED_IF_NAMED = {"tga": (is_tga, "tga"), "bmp": (is_dib, "bmp")}
# The brands of ISO/IEC 23008-12, and the brands that cameras write.
_HEIF_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs", b"mif1", b"msf1", b"mif2")


def image_kind(head: bytes, name: str = "") -> str | None:
    """Return the kind of a file of this name that starts with `head`, or None if that is no image.

    It is `avif`, `bmp`, `dds`, `gif`, `heif`, `ico`, `jp2`, `jpeg`, `jxl`, `png`, `ppm`, `psd`, `qoi`, `raw`, `tga`,
    `tiff` or `webp`. Without its name, no file is a `raw` or a `tga`, or a `bmp` that lacks its file header.
    """
    kind = _kind_of_content(head)
    if kind in (None, "tiff") and claimed_kind(name) == "raw":
        return "raw"
    if kind is not None:
        return kind
    is_kind, named = _CHECKED_IF_NAMED.get(claimed_kind(name) or "", (None, None))
    return named if is_kind is not None and is_kind(head) else None


def _kind_of_content(head: bytes) -> str | None:
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "webp"
    if head[4:8] == b"ftyp":
        return _kind_of_brands(head)
    if head[:2] == b"BM" and not is_bmp(head):
        return None
    kind = next((kind for magic, kind in _MAGIC if head.startswith(magic)), None)
    return kind or next((kind for is_kind, kind in _CHECKED if is_kind(head)), None)


def claimed_kind(name: str) -> str | None:
    """Return the kind that a file's suffix claims, `svg` included, or None if it claims none."""
    return _KIND_OF_SUFFIX.get(os.path.splitext(name)[1].lower())


def unread_kind(name: str) -> str | None:
    """Return what kind of image a file of this name is if imgsort does not read that kind, or None."""
    return _UNREAD_OF_SUFFIX.get(os.path.splitext(name)[1].lower())


def _kind_of_brands(head: bytes) -> str | None:
    """Tell AVIF from HEIF.

    Some files of both kinds first name a brand that does not tell them apart, and then the brand of their own kind.
    """
    length = min(int.from_bytes(head[:4], "big"), len(head))
    brands = [head[8:12], *(head[start : start + 4] for start in range(16, length - 3, 4))]
    if b"avif" in brands or b"avis" in brands:
        return "avif"
    return "heif" if brands[0] in _HEIF_BRANDS else None


def what_it_is(data: bytes) -> str:
    """Say what a file is if it is not an image. Most broken downloads are one of these cases."""
    if not data:
        return "empty file (0 bytes)"
    if data.count(0) == len(data):
        return f"no image: its {len(data)} bytes are all zero"
    start = data[:1024].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if start.startswith((b"<!doctype html", b"<html")):
        return "no image but a web page"
    if b"<svg" in start:
        return "a drawing (SVG), not a photograph: imgsort does not read it"
    return "not an image that imgsort can read, whatever its name says"
