"""Turns a folder of classes into the images for training, for validation and for the test."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from imgsort.errors import CollectionError, TooFewImagesError, UsageError
from imgsort.images.decoding.decode import ReadSettings
from imgsort.images.finding.find import Unreadable, require_folder
from imgsort.images.finding.leaving_out.left_out import NOTHING
from imgsort.jobs.learn.auditing.findings import AuditFinding
from imgsort.jobs.learn.auditing.for_training import marked_images
from imgsort.jobs.learn.auditing.looking import looks_of
from imgsort.jobs.learn.steps.class_folders import (
    ClassFolders,
    find_classes,
    only_classes,
    require_two,
    tell_of_shared_images,
)
from imgsort.jobs.learn.steps.settings import LearnSettings
from imgsort.jobs.listener import Remembering
from imgsort.learning.data.dataset import LabelledImages, Split, divide, labelled
from imgsort.learning.data.looks import Looks


@dataclass(frozen=True)
class TrainingData:
    """The classes, and their images divided into parts.

    `unreadable`: the files that were left out, each with its reason.
    `left_out`: the images for training and validation that were left out because an audit marked them.
    """

    classes: tuple[str, ...]
    split: Split
    unreadable: tuple[Unreadable, ...]
    left_out: tuple[AuditFinding, ...] = ()


@dataclass(frozen=True)
class TrainingReader:
    """Reads the images to learn from, as `settings` and `read` say.

    The listener gets a notice about images that are left out.
    """

    settings: LearnSettings
    read: ReadSettings
    listener: Remembering

    def read_classes(self, root: Path) -> TrainingData:
        """List the classes, look at every image, and divide the images.

        Raises CollectionError, TooFewImagesError and UsageError.
        """
        settings = self.settings
        folders = require_two(find_classes(root, settings.rules))
        tests = None if settings.test_dir is None else self._test_folders(settings.test_dir, folders.classes)
        listings = [each.listing for each in (folders, tests) if each is not None]
        self.listener.notice_of(sum((listing.left_out for listing in listings), NOTHING))
        if folders.loose:
            self.listener.notice(f"{folders.loose} images are in no class folder and are left out.")
        looks = self._look(folders)
        images = labelled(root, looks, folders.classes)
        unreadable = folders.listing.unreadable + looks.unreadable
        if tests is None:
            tell_of_shared_images(self.listener, images)
            parts = self._divided(images, looks, folders.classes, settings.split)
        else:
            parts = self._divided(images, looks, folders.classes, settings.split[:2])
        left_out = self._left_out(images, looks, folders.classes, parts)
        train, validation = (_without(part, left_out, folders.classes) for part in parts[:2])
        if tests is None:
            test = parts[2]
        else:
            test, others = self._test_images(tests, folders.classes)
            unreadable += others
            tell_of_shared_images(self.listener, images, test)
            known = len(set(images.contents).intersection(test.contents))
            if known:
                self.listener.notice(
                    f"{known} images of {settings.test_dir} are also used for training, so the figures will be too "
                    "good."
                )
        return TrainingData(folders.classes, Split(train, validation, test), unreadable, left_out)

    def _divided(
        self, images: LabelledImages, looks: Looks, classes: tuple[str, ...], shares: tuple[float, ...]
    ) -> list[LabelledImages]:
        return divide(images, looks, classes, shares, self.settings.seed, notice=self.listener.notice)

    def _look(self, folders: ClassFolders) -> Looks:
        settings = self.settings
        return looks_of(
            folders.root,
            folders.listing.files,
            self.read,
            self.listener,
            has_cache=settings.cache,
            verify=settings.verify,
        )

    def _left_out(
        self, images: LabelledImages, looks: Looks, classes: tuple[str, ...], parts: list[LabelledImages]
    ) -> tuple[AuditFinding, ...]:
        """Return the images that an audit marks, if it was asked for, and say how many of them are in which part."""
        settings = self.settings
        if not settings.audit:
            return ()
        marked = marked_images(
            images,
            looks,
            classes,
            settings=settings.auditing,
            read=self.read,
            seed=settings.seed,
            listener=self.listener,
        )
        learned = {file.path for part in parts[:2] for file in part.files}
        left_out = tuple(finding for finding in marked if finding.path in learned)
        tests = len(marked) - len(left_out)
        kept = (
            f" {tests} more are test images: they stay, and the figures count them by their folders." if tests else ""
        )
        self.listener.notice(
            f"{len(left_out)} images that seem to lie in the wrong class are left out of training and validation.{kept}"
            f"{f' `imgsort audit {images.root}` lists them.' if marked else ''}"
        )
        return left_out

    def _test_folders(self, folder: Path, classes: tuple[str, ...]) -> ClassFolders:
        root = require_folder(folder)
        folders, unknown = only_classes(find_classes(root, self.settings.rules), classes)
        if unknown:
            raise UsageError(
                f"{root}: {', '.join(unknown)}: these are not among the classes to learn, "
                f"{', '.join(classes)}. Rename or move them."
            )
        return folders

    def _test_images(
        self, folders: ClassFolders, classes: tuple[str, ...]
    ) -> tuple[LabelledImages, tuple[Unreadable, ...]]:
        looks = self._look(folders)
        if not looks.files:
            raise CollectionError(f"{folders.root}: none of its images can be read.")
        return labelled(folders.root, looks, classes), folders.listing.unreadable + looks.unreadable


def _without(images: LabelledImages, left_out: Sequence[AuditFinding], classes: tuple[str, ...]) -> LabelledImages:
    """Return the images without those that are left out. Raises TooFewImagesError if a class has none then."""
    import numpy as np

    paths = {finding.path for finding in left_out}
    kept = images.take(np.flatnonzero([file.path not in paths for file in images.files]))
    for label in sorted(set(images.labels.tolist()) - set(kept.labels.tolist())):
        raise TooFewImagesError(
            f"{images.root / classes[label]}: --audit leaves out all images of this class that one part has. See "
            f"`imgsort audit {images.root}`, correct the folders, or leave out --audit."
        )
    return kept
