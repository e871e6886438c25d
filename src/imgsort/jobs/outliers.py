"""`imgsort outliers`: moves the images that do not belong to the folder `Outlayers`."""

from pathlib import Path
from typing import TYPE_CHECKING, Unpack

from imgsort.errors import UsageError
from imgsort.features.extract import Features
from imgsort.filing.plan import Placement
from imgsort.grouping.outliers import TwoMeansOutliers
from imgsort.jobs.listener import Listener
from imgsort.jobs.placing import place
from imgsort.jobs.results import FilingResult
from imgsort.jobs.session import filing_session
from imgsort.jobs.settings import SortOptions, require_seed, sort_settings

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

DEFAULT_MODEL = "resnet50"
OUTLIER_FOLDER = "Outlayers"

_TWO_GROUPS_FRACTION = 0.2


def find_outliers(
    folder: str | Path,
    *,
    max_outliers: int = 8,
    seed: int = 0,
    listener: Listener | None = None,
    **options: Unpack[SortOptions],
) -> FilingResult:
    """Move at most `max_outliers` images of `folder` that do not belong to `Outlayers`.

    Two clusters; the smaller one's images are the outliers, farthest from its centroid first. `seed`: of
    K-Means. The other options are those of `imgsort.jobs.settings.SortOptions`. Raises ImgsortError:
    CollectionError, UsageError, StrictError, WeightsError, DeviceError, LockedError, JournalError, StoppedError.
    """
    if max_outliers < 1:
        raise UsageError(f"--max {max_outliers}: at least 1 is needed.")
    require_seed(seed)
    filing, model, read = sort_settings(options)
    with filing_session(folder, "outliers", filing, read, listener or Listener()) as session:
        features = session.extract(model, DEFAULT_MODEL)
        detector = TwoMeansOutliers(max_outliers, random_state=seed)
        predictions, distances = _in_content_order(detector, features)
        if len(features.files) < 3:
            session.notice(f"{len(features.files)} readable images: too few to say which of them does not belong.")
        elif detector.small_fraction_ == 0:
            session.notice("the images are all alike to the model: none of them is an outlier.")
        elif detector.small_fraction_ > _TWO_GROUPS_FRACTION:
            session.notice(
                f"the smaller cluster holds {detector.small_fraction_:.0%} of the images: this looks like a folder "
                "of two groups rather than of one with outliers. `imgsort categorize --clusters 2` would part them."
            )
        return session.carry_out(_placements(features, predictions, distances), categories=False)


def _in_content_order(detector: TwoMeansOutliers, features: Features) -> "tuple[NDArray[np.intp], NDArray[np.float64]]":
    """Fit on the rows in the order of their content, so that names and places do not matter."""
    import numpy as np

    order = features.content_order
    detector.fit(features.matrix[order])
    back = np.argsort(order)
    return detector.predictions_[back], detector.distances_[back]


def _placements(
    features: Features, predictions: "NDArray[np.intp]", distances: "NDArray[np.float64]"
) -> list[Placement]:
    """Return the outliers, the oddest first."""
    rows = [row for row in range(len(predictions)) if predictions[row] == -1]
    rows.sort(key=lambda row: -distances[row])
    return [place(features.files[row], features.contents[row], OUTLIER_FOLDER, float(distances[row])) for row in rows]
