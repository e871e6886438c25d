"""What kind of image a file is, judged by its first bytes and never by its name."""

HEAD_BYTES = 32

IMAGE_SUFFIXES = frozenset(".avif .bmp .dib .gif .heic .heif .jfif .jpe .jpeg .jpg .apng .png .tif .tiff .webp".split())

_MAGIC = (
    (b"\xff\xd8\xff", "jpeg"),
    (b"\x89PNG\r\n\x1a\n", "png"),
    (b"GIF87a", "gif"),
    (b"GIF89a", "gif"),
    (b"II*\x00", "tiff"),
    (b"MM\x00*", "tiff"),
    (b"BM", "bmp"),
)


def image_kind(head: bytes) -> str | None:
    """Return `jpeg`, `png`, `gif`, `tiff`, `bmp`, `webp`, `avif` or None for a file that starts with `head`."""
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "webp"
    if head[4:8] == b"ftyp" and head[8:12] in (b"avif", b"avis"):
        return "avif"
    # A two-byte signature is weak: a bitmap also has four reserved bytes, always zero.
    if head[:2] == b"BM" and head[6:10] != b"\x00\x00\x00\x00":
        return None
    return next((kind for magic, kind in _MAGIC if head.startswith(magic)), None)
