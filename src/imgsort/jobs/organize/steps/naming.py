"""`--names`: finds a word for each category, from what an EfficientNet-Lite's own classifier sees in its images."""

from typing import TYPE_CHECKING

from imgsort.features.extract import Features
from imgsort.features.models.backbones import ALWAYS_THERE
from imgsort.features.models.imagenet_classes import class_probabilities, class_words, classifier_file
from imgsort.grouping.categories.naming import telling_columns
from imgsort.grouping.streams.rows import MatrixRows, numbered_parts
from imgsort.grouping.sums import ClusterSums
from imgsort.jobs.session.collection import OpenCollection
from imgsort.jobs.session.extracting import extract_with
from imgsort.jobs.session.looking import Extracted
from imgsort.jobs.settings import ModelSettings

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def words_for(
    collection: OpenCollection, extracted: Extracted, labels: "NDArray[np.intp]", settings: ModelSettings
) -> list[str | None]:
    """Return a word, or None, for each category. No word occurs twice.

    `labels`: int (n,), the category of each image. If another model made the features, the model whose classifier is
    available looks at the images once more.
    """
    import numpy as np

    categories = int(labels.max()) + 1
    features, model = extracted.features, extracted.looked.model
    if model is not None and model.has_classifier:
        weights = classifier_file(model.name)
    else:
        weights = classifier_file(ALWAYS_THERE)
        features, labels = _seen_again(collection, features, labels, settings)
    words = class_words()
    distinct = list(dict.fromkeys(words))
    column_of = {word: column for column, word in enumerate(distinct)}
    sums = ClusterSums(np.zeros(categories), np.zeros((categories, len(words))))
    for place, part in numbered_parts(MatrixRows(features.matrix)):
        has_category = labels[place] >= 0
        probabilities = class_probabilities(part, weights)[has_category]
        sums += ClusterSums.of(probabilities, labels[place][has_category], categories)
    seen = ClusterSums(sums.counts, np.zeros((categories, len(distinct))))
    for number, word in enumerate(words):  # for a person, two classes with one word are one thing
        seen.totals[:, column_of[word]] += sums.totals[:, number]
    return [None if column is None else distinct[column] for column in telling_columns(seen)]


def _seen_again(
    collection: OpenCollection, features: Features, labels: "NDArray[np.intp]", settings: ModelSettings
) -> "tuple[Features, NDArray[np.intp]]":
    """Return what the model that is always available sees in the same images, and the labels of these images."""
    import numpy as np

    seen, _ = extract_with(
        collection.images_of(features.files),
        ModelSettings(
            device=settings.device,
            cache=settings.cache,
            verify=settings.verify,
            engine=settings.engine,
            ray_address=settings.ray_address,
        ),
        ALWAYS_THERE,
        read=collection.read,
        listener=collection.hearing.listener,
    )
    label_of = dict(zip((file.path for file in features.files), labels, strict=True))
    return seen, np.array([label_of[file.path] for file in seen.files], dtype=labels.dtype)
