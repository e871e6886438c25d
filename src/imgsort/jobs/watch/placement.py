"""Decides which inbox and which output go together, so that nothing that was just filed is taken up again."""

import os
from collections.abc import Iterable
from pathlib import Path

from imgsort.errors import CollectionError, UsageError
from imgsort.filing.journal.category_folders import known_folders
from imgsort.filing.paths import STATE_FOLDER, join
from imgsort.filing.planning.site import Mode, Site, site_of
from imgsort.images.finding.find import require_folder
from imgsort.jobs.learn.steps.predictions import UNSURE_FOLDER
from imgsort.jobs.session.placing import UNSORTED_FOLDER
from imgsort.learning.result.classifier_file import load_classifier
from imgsort.name_key import name_key


def site_by_class(inbox: Path, classifier: Path, output: Path, mode: Mode) -> Site:
    """Return where images go by class. Raises UsageError for folders that do not go together, and ClassifierError."""
    site = _site(inbox, output, mode)
    classes = load_classifier(classifier).classifier.classes
    _require_no_target(site, "--output", [join(site.prefix, name) for name in (*classes, UNSURE_FOLDER)])
    return site


def site_of_categories(inbox: Path, into: Path, mode: Mode) -> Site:
    """Return where images go that are filed into the categories of `into`.

    Raises UsageError for folders that do not go together, and CollectionError if there are no categories.
    """
    require_folder(into)
    site = _site(inbox, into, mode)
    folders = [folder.path for folder in known_folders(site.destination)]
    if not folders:
        how = f"{inbox} --output {into}" if site.prefix else str(into)
        raise CollectionError(
            f"{into}: there are no categories yet. Make them first: `imgsort categorize {how}`, or give the folder "
            "that has them."
        )
    _require_no_target(site, "--into", [*folders, join(site.prefix, UNSORTED_FOLDER)])
    return site


def _site(inbox: Path, output: Path, mode: Mode) -> Site:
    inbox = require_folder(inbox)
    if STATE_FOLDER in inbox.parts:
        raise UsageError(f"{inbox}: imgsort keeps its own records in this folder. Give another one as INBOX.")
    return site_of(inbox, _spelled_like(inbox, output), mode)


def _spelled_like(inbox: Path, output: Path) -> Path:
    """Return the path of `output` as it follows from that of `inbox`, if it is the inbox or lies in it.

    Where names differ in case only, or a folder is mounted twice, the same folder has several paths.
    """
    try:
        output = output.resolve()
    except (OSError, RuntimeError):  # the next check says what is wrong
        return output
    for folder in (output, *output.parents):
        if _is_same(folder, inbox):
            return inbox / output.relative_to(folder)
    return output


def _require_no_target(site: Site, option: str, folders: Iterable[str]) -> None:
    """Raise UsageError if files are put directly into the inbox, from which they would be taken up again.

    `folders`: where files are put, relative to the destination.
    """
    for folder in folders:
        place = site.destination / folder
        if _is_same(place, site.collection) or _would_be_same(place, site.collection):
            raise UsageError(
                f"{site.collection}: images are filed into this folder, because {option} is {site.output}, and would "
                f"be taken up from it again. Give another INBOX, or another {option}."
            )


def _is_same(one: Path, other: Path) -> bool:
    try:
        return os.path.samefile(one, other)
    except OSError:
        return False


def _would_be_same(place: Path, inbox: Path) -> bool:
    """Say whether some file systems take the two paths for the same."""
    return name_key(str(place)) == name_key(str(inbox))
