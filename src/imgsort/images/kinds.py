"""Tells the kind of an image by its first bytes, never by its name. Also tells which kind the name claims."""

import os

HEAD_BYTES = 32

_KINDS_OF_SUFFIXES = {
    "avif": ".avif",
    "bmp": ".bmp .dib",
    "gif": ".gif",
    "heif": ".heic .heics .heif .heifs .hif",
    "jpeg": ".jfif .jpe .jpeg .jpg",
    "png": ".apng .png",
    "svg": ".svg",
    "tiff": ".tif .tiff",
    "webp": ".webp",
}
_KIND_OF_SUFFIX = {suffix: kind for kind, suffixes in _KINDS_OF_SUFFIXES.items() for suffix in suffixes.split()}

IMAGE_SUFFIXES = frozenset(_KIND_OF_SUFFIX)

_MAGIC = (
    (b"\xff\xd8\xff", "jpeg"),
    (b"\x89PNG\r\n\x1a\n", "png"),
    (b"GIF87a", "gif"),
    (b"GIF89a", "gif"),
    (b"II*\x00", "tiff"),
    (b"MM\x00*", "tiff"),
    (b"BM", "bmp"),
)
# The brands of ISO/IEC 23008-12, and the brands that cameras write.
_HEIF_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs", b"mif1", b"msf1", b"mif2")


def image_kind(head: bytes) -> str | None:
    """Return `jpeg`, `png`, `gif`, `tiff`, `bmp`, `webp`, `avif`, `heif` or None for a file that starts with `head`."""
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "webp"
    if head[4:8] == b"ftyp":
        return _kind_of_brands(head)
    # A two-byte signature is weak. A bitmap also has four reserved bytes, which are always zero.
    if head[:2] == b"BM" and head[6:10] != b"\x00\x00\x00\x00":
        return None
    return next((kind for magic, kind in _MAGIC if head.startswith(magic)), None)


def claimed_kind(name: str) -> str | None:
    """Return the kind that a file's suffix claims, `svg` included, or None if it claims none."""
    return _KIND_OF_SUFFIX.get(os.path.splitext(name)[1].lower())


def _kind_of_brands(head: bytes) -> str | None:
    """Tell AVIF from HEIF.

    Some files of both kinds first name a brand that does not tell them apart, and then the brand of their own kind.
    """
    length = min(int.from_bytes(head[:4], "big"), len(head))
    brands = [head[8:12], *(head[start : start + 4] for start in range(16, length - 3, 4))]
    if b"avif" in brands or b"avis" in brands:
        return "avif"
    return "heif" if brands[0] in _HEIF_BRANDS else None
