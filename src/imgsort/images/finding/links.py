"""Finds the links to image files: the image is read through the link, and no link to a folder is ever followed."""

import os
import stat
from collections.abc import Iterable
from dataclasses import dataclass

from imgsort.images.finding.entries import has_image_content, has_image_suffix


@dataclass(frozen=True)
class Link:
    """A link to a file: its `text`, as it is stored, and the real path of the file that it `leads_to`."""

    text: str
    leads_to: str


@dataclass(frozen=True)
class LinkedImage:
    """A link that leads to a regular image file, and that file's status."""

    name: str
    link: Link
    status: os.stat_result


def linked_images(links: Iterable[os.DirEntry[str]]) -> list[LinkedImage]:
    """Return those of the `links` that lead to a regular image file. Links that lead nowhere are left out."""
    found = []
    for entry in links:
        try:
            leads_to = os.path.realpath(entry.path, strict=True)
            status = os.lstat(leads_to)
            text = os.readlink(entry.path)
        except OSError:  # it leads nowhere, or in a circle, or is gone
            continue
        if stat.S_ISREG(status.st_mode) and (has_image_suffix(entry.name) or has_image_content(leads_to)):
            found.append(LinkedImage(entry.name, Link(text, leads_to), status))
    return found
