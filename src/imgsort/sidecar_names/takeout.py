"""The JSON files of Google Takeout.

`x.jpg` has `x.jpg.supplemental-metadata.json`, or in older exports `x.jpg.json`. The name before `.json` is cut at 46
characters: `x.jpg.suppl.json`. A second `x.jpg` is called `x(1).jpg`, and its file
`x.jpg.supplemental-metadata(1).json` or `x.jpg(1).json`. `x-edited.jpg` has no file of its own: it shares that of
`x.jpg`, which goes with `x.jpg` if both are there.
"""

import os
import re
from collections.abc import Iterator

from imgsort.name_key import name_key
from imgsort.sidecar_names.front import Front, Part

_MARK = ".supplemental-metadata"
CUT = 46
_NUMBER = re.compile(r"(.+)(\(\d{1,4}\))", re.DOTALL)
_LONGEST_SUFFIX = 6
# What Takeout adds to the name of an edited picture, in the language of the account.
_EDITED = (
    *name_key(
        "-edited -effects -smile -mix -bearbeitet -bewerkt -diedit -düzenlendi -editada -editado -editat "
        "-edytowane -modificata -modificato -modifié -modifiée -muokattu -redigerad -redigeret -redigert "
        "-szerkesztett -szerkesztve -upravené -upraveno -επεξεργασμένο -відредаговано "
        "-изменено -отредактировано -编辑 -已修改 -已编辑 -已編輯 -編集済み "
        "-수정됨"
    ).split(),
    "-ha editado",
    name_key("-đã chỉnh sửa"),
)
_EDITED_AND_CUT = ("-e", "-ed", "-edi", "-edit", "-edite")


def fronts(front: str, suffix: str) -> Iterator[Front]:
    """Yield the images that the JSON file `front` + `suffix` points to, apart from `front` itself."""
    base, number = _without_number(front)
    whole, mark = _without_mark(base)
    if not number:
        whole, number = _without_number(whole) if mark else (whole, number)
    if mark or number:
        yield Front(Part.NAME, _numbered(whole, number), "{name}" + mark + suffix)
    if mark and (len(mark) == len(_MARK) or CUT in _lengths(base)):
        yield Front(Part.STEM, whole + number, f"{{stem}}{_MARK}{suffix}")
    if CUT in _lengths(base):
        yield Front(Part.CUT, base + number, "{name}" + suffix)
    yield Front(Part.ORIGINAL, _original(whole, number), "{name}" + mark + suffix)


def beginnings(name: str) -> set[str]:
    """Return the names of the JSON file, without `.json`, that is cut within the long name of an image."""
    if len(os.fsencode(name)) <= CUT:
        return set()
    stem, suffix = os.path.splitext(name)
    base, number = _without_number(stem)
    whole = base + suffix
    as_bytes = os.fsencode(whole)[:CUT].decode(errors="ignore")
    cuts = {whole[:CUT], as_bytes, whole.encode("utf-16-le", "surrogatepass")[: 2 * CUT].decode("utf-16-le", "ignore")}
    return {cut + number for cut in cuts if CUT in _lengths(cut) and cut != whole}


def is_edited(name: str) -> bool:
    """Say whether a picture has the name of an edited one. A long name may be cut within the word."""
    stem = name_key(_without_number(os.path.splitext(name)[0])[0])
    return stem.endswith(_EDITED) or (len(stem) > CUT and stem.endswith(_EDITED_AND_CUT))


def original_stem(name: str) -> str | None:
    """Return `x(1)` for the edited picture `x-edited(1).jpg` or `x(1)-edited.jpg`, and None for any other picture."""
    stem, number = _without_number(os.path.splitext(name)[0])
    if "-" not in stem:
        return None
    key = name_key(stem)
    word = next((word for word in _EDITED if key.endswith(word)), "")
    return key.removesuffix(word) + number if word and key != word else None


def _original(whole: str, number: str) -> str:
    """Return the stem of an image that is called `whole`, with the number."""
    stem, suffix = os.path.splitext(whole)
    return (stem if len(suffix) <= _LONGEST_SUFFIX else whole) + number


def _without_number(text: str) -> tuple[str, str]:
    """Split `x(1)` into `x` and `(1)`. The second is empty if there is no number."""
    found = _NUMBER.fullmatch(text)
    return (text, "") if found is None else (found[1], found[2])


def _without_mark(text: str) -> tuple[str, str]:
    """Split `x.jpg.suppl` into `x.jpg` and `.suppl`. The second is empty if no part of the mark is there."""
    dot = text.rfind(".")
    is_marked = dot > 0 and _MARK.startswith(text[dot:].lower())
    return (text[:dot], text[dot:]) if is_marked else (text, "")


def _numbered(name: str, number: str) -> str:
    stem, suffix = os.path.splitext(name)
    return stem + number + suffix


def _lengths(text: str) -> tuple[int, int, int]:
    """Return the length of a name in characters, in bytes and in UTF-16 units: it is not known which Takeout counts."""
    return len(text), len(os.fsencode(text)), len(text.encode("utf-16-le", "surrogatepass")) // 2
