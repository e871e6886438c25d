"""Writes a report: one HTML file that shows a plan or a result in any browser, without a server and a network.

A page from a disk may neither import nor fetch, so everything is in the file: the modules as one, the style, the data
and the thumbnails. Only many thumbnails lie beside it, as sheets in a folder. The page's policy
(Content-Security-Policy) allows exactly the scripts and the style that are written here, known by their hashes.
"""

import base64
import hashlib
import html
import json
import math
import os
import shutil
from collections.abc import Sequence
from dataclasses import asdict
from importlib import resources
from pathlib import Path
from string import Template
from typing import Any
from urllib.parse import quote

from imgsort.csv_file import require_new
from imgsort.errors import UsageError
from imgsort.portable_text import portable_tree
from imgsort.report.modules import joined
from imgsort.report.new_files import new_folder
from imgsort.report.page_data import PageData
from imgsort.report.sheets import COLUMNS, ROWS, SIDE_PX, Sheets, write_sheets
from imgsort.report.shown_text import shown, shown_tree
from imgsort.temporary import new_file
from imgsort.version import __version__

MOST_INLINE = 3_000
_SOURCES = resources.files(__package__) / "page"
# The sheets lie beside the file. Not every browser counts a neighbour on the disk as 'self', hence file:.
_IMAGES_FROM = {"inline": "data:", "sheets": "data: 'self' file:"}
_LIBRARIES = ("deck.gl-core-9.4.0.min.js", "deck.gl-layers-9.4.0.min.js")


def sheets_folder(file: Path) -> Path:
    """Return the folder beside a report in which the sheets of a large one lie: `NAME_files`, as browsers call it."""
    return file.with_name(f"{file.stem}_files")


def require_new_report(file: Path) -> Path:
    """Return `file` if a report can be written there, and a folder beside it.

    Raises UsageError as `require_new` does, and for a name that no browser takes for a page.
    """
    if file.suffix.lower() not in (".html", ".htm"):
        raise UsageError(f"{file}: a report is a page for a browser. Give a name that ends in .html.")
    require_new(file)
    require_new(sheets_folder(file))
    return file


def write_report(file: Path, data: PageData, thumbnails: Sequence[bytes | None]) -> None:
    """Write a new report. `thumbnails`: WebP for each image, or None; Grad-CAM pictures follow after the images'.

    Raises UsageError if the file or its folder of sheets exists already, FileExistsError if one of them appeared
    meanwhile, and OSError. Then there is no report, and no folder either.
    """
    require_new_report(file)
    if len(thumbnails) <= MOST_INLINE:
        webp = [None if each is None else base64.b64encode(each).decode("ascii") for each in thumbnails]
        with new_file(file) as handle:
            handle.write(_page(data, {"kind": "inline", "webp": webp}))
        return
    folder = sheets_folder(file)
    is_there = False
    try:
        with new_file(file) as handle:
            with new_folder(folder) as unnamed:
                sheets = write_sheets(unnamed, thumbnails, _order(data, len(thumbnails)))
                handle.write(_page(data, _described(folder, sheets)))
            is_there = True
    except BaseException:
        if is_there:
            shutil.rmtree(folder, ignore_errors=True)
        raise


def _described(folder: Path, sheets: Sheets) -> dict[str, Any]:
    shape = {"columns": COLUMNS, "rows": ROWS, "side_px": SIDE_PX}
    return {"kind": "sheets", "folder": quote(os.fsencode(folder.name)), **shape, **asdict(sheets)}


def _order(data: PageData, count: int) -> list[int]:
    """Return the images as the wall shows them: group by group, the most typical or the least sure first."""
    images = data.images
    ranks = images.confidences or images.distances

    def key(number: int) -> tuple[int, float, int]:
        if number >= len(images.groups):
            return len(data.groups), 0, number
        rank = ranks[number] if ranks else None
        return images.groups[number], math.inf if rank is None else rank, number

    return sorted(range(count), key=key)


def _page(data: PageData, thumbnails: dict[str, Any]) -> bytes:
    style, module = _source("page.css"), joined("report.js", _source)
    libraries = [_source(f"vendored/{name}") for name in _LIBRARIES]
    scripts = " ".join(map(_hash, [module, *libraries]))
    page = Template(_source("report.html")).substitute(
        policy=f"default-src 'none'; script-src {scripts}; style-src {_hash(style)}; "
        f"img-src {_IMAGES_FROM[thumbnails['kind']]}; base-uri 'none'; form-action 'none'",
        version=__version__,
        title=html.escape(shown(f"{data.title}: {data.command}")),
        style=style,
        data=_json(shown_tree(data.to_json())),
        thumbnails=_json(thumbnails),
        # A browser does not run text/plain. The map makes a script of it when it is looked at.
        libraries="".join(f'<script type="text/plain" class="map-library">{text}</script>\n' for text in libraries),
        licences=_source("vendored/LICENSE"),
        module=module,
    )
    return page.encode("utf-8", "replace")


def _source(name: str) -> str:
    """Return one of the page's sources. The hashes are those of a text with `\\n` at the end of a line."""
    return (_SOURCES / name).read_text(encoding="utf-8").replace("\r\n", "\n")


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode('ascii')}'"


def _json(value: Any) -> str:
    """Return JSON in ASCII that ends no script: a name may hold `</script>`, U+2028 or bytes that are not UTF-8."""
    return json.dumps(_finite(portable_tree(value)), separators=(",", ":"), allow_nan=False).replace("<", "\\u003c")


def _finite(value: Any) -> Any:
    """Return the value with None for numbers that JSON does not have: the loss of a training can be infinite."""
    if isinstance(value, dict):
        return {key: _finite(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(each) for each in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
