"""Makes text fit for a page: what turns the order of letters around, or is no letter at all, becomes an escape."""

import re
from typing import Any

# Control characters, and those that set the direction of text (Unicode Standard Annex 9): a file `photo\u202egpj.exe`
# would look like `photoexe.jpg`.
_MISLEADING = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def shown(text: str) -> str:
    """Return text in which misleading characters are written as escapes, for example `\\u202e`."""
    return _MISLEADING.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def shown_tree(value: Any) -> Any:
    """Return a value for JSON with every text in it as it is shown."""
    if isinstance(value, str):
        return shown(value)
    if isinstance(value, dict):
        return {shown(key): shown_tree(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [shown_tree(each) for each in value]
    return value
