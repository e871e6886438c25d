"""Finds the images that a training leaves out, because they seem to lie in the wrong class."""

from imgsort.features.engine import FolderImages
from imgsort.features.models.backbones import BEST
from imgsort.images.decoding.decode import ReadSettings
from imgsort.jobs.learn.auditing.findings import AuditFinding
from imgsort.jobs.learn.auditing.judging import Marking, audit_images
from imgsort.jobs.learn.auditing.looking import agreed
from imgsort.jobs.listener import Listener
from imgsort.jobs.session.extracting import extract_with
from imgsort.jobs.settings import ModelSettings
from imgsort.learning.data.dataset import LabelledImages, labelled
from imgsort.learning.data.looks import Looks


def marked_images(
    images: LabelledImages,
    looks: Looks,
    classes: tuple[str, ...],
    *,
    settings: ModelSettings,
    read: ReadSettings,
    seed: int,
    listener: Listener,
) -> tuple[AuditFinding, ...]:
    """Return the images that `imgsort audit` marks, the highest score first.

    `looks`: those of `images`. `settings`: how the audit's own model makes features; it is not the model that is
    trained. Raises TooFewImagesError, WeightsError and DeviceError.
    """
    features, _ = extract_with(FolderImages(images.root, looks.files), settings, BEST, read=read, listener=listener)
    features, looks = agreed(features, looks)
    there = labelled(images.root, looks, classes)
    found = audit_images(there, looks, features.matrix, classes=classes, marking=Marking(seed=seed), listener=listener)
    return tuple(finding for finding in found.audited.findings if finding.marked)
