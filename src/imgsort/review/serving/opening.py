"""Opens the browser at the page, without its key on a command line, where every user of the machine could read it."""

import html
import os
import tempfile
import webbrowser
from pathlib import Path

from imgsort.temporary import private_folder


def open_browser(address: str) -> Path | None:
    """Open `address` in the browser, and return the private file that leads there, or None if there is no browser.

    The caller removes the file when the page has been opened.
    """
    folder = Path(tempfile.mkdtemp(dir=private_folder()))
    file = folder / "review.html"
    shown = html.escape(address, quote=True)
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with open(descriptor, "w", encoding="utf-8") as handle:
        handle.write(
            '<!doctype html><html lang="en"><meta charset="utf-8"><meta name="referrer" content="no-referrer">'
            f'<meta http-equiv="refresh" content="0; url={shown}"><title>imgsort review</title>'
            f'<p><a href="{shown}">Open the review</a></p>\n'
        )
    if webbrowser.open(file.as_uri()):
        return file
    remove(file)
    return None


def remove(file: Path) -> None:
    """Remove a file that `open_browser` made, and its folder."""
    file.unlink(missing_ok=True)
    file.parent.rmdir()
