"""Leads a browser to the page without the key on a command line, where every user of the machine could read it."""

import html
import os
from pathlib import Path


def page_opener(address: str, folder: Path) -> Path:
    """Make a file in `folder` that leads a browser to `address`, and return its path. Only this user can read it."""
    file = folder / "review.html"
    shown = html.escape(address, quote=True)
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with open(descriptor, "w", encoding="utf-8") as handle:
        handle.write(
            '<!doctype html><html lang="en"><meta charset="utf-8"><meta name="referrer" content="no-referrer">'
            f'<meta http-equiv="refresh" content="0; url={shown}"><title>imgsort review</title>'
            f'<p><a href="{shown}">Open the review</a></p>\n'
        )
    return file
