"""Tries one place after another for weights that Keras publishes."""

from dataclasses import dataclass
from pathlib import Path

from imgsort.errors import DownloadError, WeightsError
from imgsort.features.keras_home import keras_folder, require_kept
from imgsort.features.weights.fetching import Fetching
from imgsort.features.weights.keras_host import fetch_published
from imgsort.features.weights.package_copy import PackageCopy
from imgsort.features.weights.weights_file import WeightsFile, hash_file


@dataclass(frozen=True)
class PublishedWeights:
    """Weights that Keras publishes.

    `path` is the path of the file on Keras' host, and `md5` is the hash that Keras states. `copy` is a package on the
    package index that holds the same numbers, if there is one.
    """

    path: str
    md5: str
    copy: PackageCopy | None = None

    @property
    def numbers_sha256(self) -> str | None:
        """The hash of the numbers, see `weights_file.numbers_sha256`, or None if nobody could compute it."""
        return None if self.copy is None else self.copy.numbers_sha256

    @property
    def file(self) -> Path:
        """The path where Keras and imgsort keep the file that Keras publishes.

        Raises WeightsError if there is no home folder and no place for temporary files.
        """
        return keras_folder() / "models" / self.path.rpartition("/")[2]

    def found(self) -> WeightsFile | None:
        """Return the file that is on this machine, or None. Its hash is checked when it is used."""
        if self.file.is_file():
            return WeightsFile(self.file, "keras", self.numbers_sha256)
        kept = None if self.copy is None else self.copy.found()
        return None if kept is None else WeightsFile(kept, "package index", self.numbers_sha256)

    def obtain(self, name: str, fetching: Fetching) -> WeightsFile:
        """Return a file with the right numbers. Fetch it first if necessary. `name` is the model's name.

        The order is: Keras' cache, imgsort's cache, Keras' host, the package index. Raises DownloadError if no place
        has the file, and WeightsError if a file is damaged and cannot be had from another place.
        """
        is_there = self.file.is_file()
        if is_there and hash_file(self.file, "md5") == self.md5:
            return WeightsFile(self.file, "keras", self.numbers_sha256)
        kept = None if self.copy is None else self.copy.whole_file()
        if kept is not None:
            return WeightsFile(kept, "package index", self.numbers_sha256)
        try:
            fetching.require_network()
            return self._fetched(name, fetching)
        except DownloadError as error:
            if is_there:
                raise WeightsError(
                    f"{self.file}: the file is damaged (its MD5 is not {self.md5}) and cannot be fetched again "
                    f"({error}). Remove it and try again with a network."
                ) from error
            raise

    def _fetched(self, name: str, fetching: Fetching) -> WeightsFile:
        try:
            require_kept(self.file)
            fetch_published(self.path, self.md5, self.file, name, fetching)
            return WeightsFile(self.file, "keras", self.numbers_sha256)
        except WeightsError as error:
            if self.copy is None:
                raise
            try:
                return WeightsFile(self.copy.obtain(str(error), fetching), "package index", self.numbers_sha256)
            except DownloadError as also:
                if not isinstance(error, DownloadError):  # a wrong file is an alarm, which no other model may hide
                    raise error from also
                raise DownloadError(f"{error}, and {also}") from also
