"""The suffixes of files that may go with an image: RAW files, videos, and the notes of editors and cameras."""

import re
from enum import Enum

RAW_SUFFIXES = frozenset(
    ".3fr .arw .cr2 .cr3 .crw .dcr .dng .erf .fff .gpr .iiq .kdc .mef .mos .mrw .nef .nrw .orf .pef .raf .raw .rw2 "
    ".rwl .sr2 .srf .srw .x3f".split()
)

# These suffixes may follow an image's whole name (`x.jpg.xmp`) or its stem (`x.xmp`). RAW and video suffixes follow a
# stem only.
NOTE_SUFFIXES = frozenset(
    # of many programs
    ".aae .exif .exv .iptc .json .mie .txt .xmp "
    # of RAW developers: RawTherapee, ART, DxO, ON1, Capture One, Adobe, Nikon, Canon
    ".acr .arp .comask .cos .dop .dr4 .nksc .on1 .pp2 .pp3 .vrd "
    # of cameras: thumbnails, voice notes, tracks
    ".aac .amr .gpx .m4a .mp3 .thm .wav".split()
)
# Live Photos and motion photos. Google Takeout writes `x.MP` and, for an edited picture, `x.MP~2`.
_VIDEO = re.compile(r"\.(mov|mp4|mp|mv)(~\d+)?")
_VIDEO_WITHOUT_SUFFIX = "mvimg_"
_THUMBNAIL = ".thm"


class Kind(Enum):
    """What a file that goes with an image is, by its name."""

    NOTE = "note"
    RAW = "raw"
    VIDEO = "video"


def suffix_key(name: str) -> str:
    """Return the suffix of a name in lower case, as `os.path.splitext` finds it, but faster."""
    dot = name.rfind(".")
    return name[dot:].lower() if dot > 0 and (name[0] != "." or name[:dot].strip(".")) else ""


def kind_of(name: str) -> Kind | None:
    """Return what a file of this name may be, or None if it goes with no image."""
    suffix = suffix_key(name)
    if suffix in NOTE_SUFFIXES:
        return Kind.NOTE
    if suffix in RAW_SUFFIXES:
        return Kind.RAW
    is_video = _VIDEO.fullmatch(suffix) is not None if suffix else name.lower().startswith(_VIDEO_WITHOUT_SUFFIX)
    return Kind.VIDEO if is_video else None


def is_raw(name: str) -> bool:
    """Say whether a RAW file has this name. The content is not read, because many RAW files begin like a TIFF."""
    return suffix_key(name) in RAW_SUFFIXES


def is_thumbnail(name: str) -> bool:
    """Say whether a camera's thumbnail has this name. Its content is that of a JPEG."""
    return suffix_key(name) == _THUMBNAIL


def is_told_by_name(name: str) -> bool:
    """Say whether a file of this name has the content of an image, and is none: a RAW file or a thumbnail."""
    suffix = suffix_key(name)
    return suffix in RAW_SUFFIXES or suffix == _THUMBNAIL
