"""Makes the name that a sidecar gets from its form and the new name of its image."""

import re

from imgsort.sidecar_names.phones import original_stem

_PLACEHOLDER = re.compile(r"\{(name|stem|suffix|original)\}")


def filled(form: str, stem: str, suffix: str) -> str:
    """Return the name of a sidecar of the image `stem` + `suffix`. `Front` describes the form."""
    parts = {"name": stem + suffix, "stem": stem, "suffix": suffix, "original": original_stem(stem)}
    return _PLACEHOLDER.sub(lambda found: parts[found[1]], form)
