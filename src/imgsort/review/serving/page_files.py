"""Lists the files that make up the page. Only these are served: no request names a path on the disk."""

from dataclasses import dataclass
from pathlib import Path

import imgsort.report
import imgsort.review

_FOLDERS = (imgsort.report, imgsort.review)
_START = "review.html"
_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
}


@dataclass(frozen=True)
class PageFile:
    """A file of the page, and its type for a browser."""

    path: Path
    media_type: str


def page_files() -> dict[str, PageFile]:
    """Return the files of the page by the path of their address. Those of the review go before those of the report."""
    found: dict[str, PageFile] = {}
    for package in _FOLDERS:
        folder = Path(str(package.__file__)).parent / "page"
        for path in sorted(folder.rglob("*")):
            if path.suffix in _TYPES and path.is_file():
                found[f"/page/{path.relative_to(folder).as_posix()}"] = PageFile(path, _TYPES[path.suffix])
    start = found.get(f"/page/{_START}")
    return {**found, "/": start} if start is not None else found
