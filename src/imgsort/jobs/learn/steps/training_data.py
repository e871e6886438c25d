"""Turns a folder of classes into the images for training, for validation and for the test."""

import contextlib
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from imgsort.errors import CollectionError, UsageError
from imgsort.features.cache.feature_cache import NO_CACHE, FeatureCache, NoCache
from imgsort.images.decoding.decode import ReadSettings
from imgsort.images.finding.find import Unreadable, require_folder
from imgsort.images.finding.leaving_out.left_out import NOTHING
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
from imgsort.learning.data.looks import Looks, look_at, looks_recipe


@dataclass(frozen=True)
class TrainingData:
    """The classes, and their images divided into parts.

    `unreadable`: the files that were left out, each with its reason.
    """

    classes: tuple[str, ...]
    split: Split
    unreadable: tuple[Unreadable, ...]


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
            train, validation, test = self._divided(images, looks, folders.classes, settings.split)
        else:
            train, validation = self._divided(images, looks, folders.classes, settings.split[:2])
            test, others = self._test_images(tests, folders.classes)
            unreadable += others
            tell_of_shared_images(self.listener, images, test)
            known = len(set(images.contents).intersection(test.contents))
            if known:
                self.listener.notice(
                    f"{known} images of {settings.test_dir} are also used for training, so the figures will be too "
                    "good."
                )
        return TrainingData(folders.classes, Split(train, validation, test), unreadable)

    def _divided(
        self, images: LabelledImages, looks: Looks, classes: tuple[str, ...], shares: tuple[float, ...]
    ) -> list[LabelledImages]:
        return divide(images, looks, classes, shares, self.settings.seed, notice=self.listener.notice)

    def _look(self, folders: ClassFolders) -> Looks:
        cache: FeatureCache | NoCache = NO_CACHE
        if self.settings.cache:
            recipe = looks_recipe(self.read)
            cache = FeatureCache(recipe, notice=self.listener.notice, verify=self.settings.verify)
        with contextlib.closing(cache):
            progress = partial(self.listener.progress, "comparing")
            return look_at(folders.root, folders.listing.files, self.read, cache, progress)

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
