"""Judges by its header whether an ICC profile may be used, and for what pixels it is meant."""

# Profiles of presses take up to 4 MB. What is larger is no profile but an attack.
MAX_PROFILE_BYTES = 8 * 1024**2
_LEAST_BYTES = 132

# ICC.1:2010, 7.2.5. Links between devices, effects and lists of named colours are no profiles of a picture.
_CLASSES = (b"mntr", b"scnr", b"prtr", b"spac")
# ICC.1:2010, 7.2.6, and Pillow's mode of such pixels.
_MODES = {b"RGB ": "RGB", b"GRAY": "L", b"CMYK": "CMYK"}


def mode_of_profile(profile: bytes) -> str | None:
    """Return Pillow's mode of the pixels that an ICC profile is meant for: `RGB`, `L` or `CMYK`.

    Returns None for a profile that is broken or is not meant for a picture.
    """
    if not _LEAST_BYTES <= len(profile) < MAX_PROFILE_BYTES or profile[36:40] != b"acsp":
        return None
    if profile[12:16] not in _CLASSES or profile[20:24] not in (b"XYZ ", b"Lab "):
        return None
    return _MODES.get(profile[16:20])
