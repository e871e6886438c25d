"""Finds images that are in two classes: at least one of the two is a mistake, which a classifier would learn."""

from imgsort.learning.data.dataset import LabelledImages


def shared_images(*sets: LabelledImages) -> list[tuple[str, str]]:
    """Return two paths, in two classes, of each image whose bytes are in more than one class.

    `sets`: images whose labels number the same classes. The paths of all but the first set are whole paths.
    """
    seen: dict[str, tuple[int, str]] = {}
    shared: dict[str, tuple[str, str]] = {}
    for number, images in enumerate(sets):
        for file, content, label in zip(images.files, images.contents, images.labels.tolist(), strict=True):
            path = file.path if number == 0 else str(images.root / file.path)
            first_label, first_path = seen.setdefault(content, (label, path))
            if label != first_label:
                shared.setdefault(content, (first_path, path))
    return list(shared.values())
