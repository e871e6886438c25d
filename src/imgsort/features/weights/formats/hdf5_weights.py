"""Reads weights in the two HDF5 layouts that Keras has, and writes the one that it publishes.

A file may come from anywhere, so nothing in it runs.
"""

import shutil
import tempfile
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from imgsort.errors import WeightsError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_MAX_DATASET_BYTES = 2 * 1024**3


@dataclass(frozen=True)
class LayerArrays:
    """A layer with its arrays, float32, by name and in Keras' order."""

    name: str
    arrays: "Mapping[str, NDArray[np.float32]]"


def load_hdf5(model: Any, path: Path) -> None:
    """Load weights into a Keras `model` from `path`, in the layout that Keras publishes or as `.weights.h5`.

    The content of the file decides which layout it has, not its name. Raises WeightsError for a file that has neither
    layout, does not fit the model, or refers to other files.
    """
    suffix = _hdf5_suffix(path)
    with tempfile.TemporaryDirectory(prefix="imgsort-") as folder:
        named = Path(folder, "model" + suffix)  # Keras recognises the layout by the name
        try:
            shutil.copyfile(path, named)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # Keras also raises an error for every warning that matters
                model.load_weights(named)
        except (OSError, ValueError, KeyError, TypeError, AttributeError, RuntimeError) as error:
            reason = " ".join(str(error).split())[:300]
            raise WeightsError(
                f"{path}: these weights do not fit {model.name} without its classifier: {reason}"
            ) from error


def write_hdf5(path: Path, layers: Sequence[LayerArrays]) -> None:
    """Write weights in the layout that Keras publishes, so that `load_hdf5` and Keras can read them. Raises OSError.

    Keras 3.15 reads this layout, but no longer writes it.
    """
    import h5py
    import numpy as np

    with h5py.File(path, "w") as file:
        file.attrs["layer_names"] = np.array([layer.name.encode() for layer in layers])
        for layer in layers:
            group = file.create_group(layer.name)
            names = [f"{layer.name}/{name}:0" for name in layer.arrays]
            group.attrs["weight_names"] = np.array([name.encode() for name in names])
            for name, array in zip(names, layer.arrays.values(), strict=True):
                group.create_dataset(name, data=array)


def _hdf5_suffix(path: Path) -> str:
    import h5py

    try:
        with h5py.File(path, "r") as file:
            reference = name_of_reference(file)
            if reference is not None:
                raise ValueError(f"{reference!r} keeps its numbers in another place, or holds far too many")
            if "layer_names" in file.attrs or "model_weights" in file:
                return ".h5"
            if "layers" in file or "_layer_checkpoint_dependencies" in file:
                return ".weights.h5"
    except FileNotFoundError as error:
        raise WeightsError(f"{path}: there is no such file of weights.") from error
    except (OSError, RuntimeError, ValueError, KeyError) as error:
        raise WeightsError(f"{path}: not a file of weights that Keras wrote ({error}).") from error
    raise WeightsError(f"{path}: an HDF5 file, but not in a layout in which Keras keeps weights.")


def name_of_reference(file: Any) -> str | None:
    """Return the name of an item in an open HDF5 file that is a reference or too large, or None.

    The numbers of such an item are elsewhere or far too many.
    """
    found: str | None = file.visititems_links(_name_of_link) or file.visititems(_name_of_unusual_dataset)
    return found


def _name_of_link(name: str, link: Any) -> str | None:
    """Return the name of a link to another place or file, or None.

    A name ends the visit. An exception would not pass through h5py.
    """
    import h5py

    return None if isinstance(link, h5py.HardLink) else name


def _name_of_unusual_dataset(name: str, item: Any) -> str | None:
    """Return the name of a dataset whose numbers are elsewhere or too many, or None."""
    import h5py

    unusual = isinstance(item, h5py.Dataset) and (item.external or item.is_virtual or item.nbytes > _MAX_DATASET_BYTES)
    return name if unusual else None
