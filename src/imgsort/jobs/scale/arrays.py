"""Writes features as a file of NumPy, for scripts that do not read Parquet."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

from imgsort.csv_file import encode_cell
from imgsort.features.dataset.part import stamp
from imgsort.features.extract import Features
from imgsort.jobs.results import ModelRecord
from imgsort.portable_text import portable_tree
from imgsort.storage.addresses import Address
from imgsort.temporary import new_file
from imgsort.version import __version__

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def write_arrays(path: Path, source: Path | Address, features: Features, model: ModelRecord) -> None:
    """Write the new file `path`: an array for each column of a dataset, none of them of Python objects.

    `path` and `reason` hold text, `content` 64 hex digits, `features` float32 (n, width). The images that cannot be
    read are in `unreadable`, and why in `reason`. Raises OSError.
    """
    import numpy as np

    with new_file(path) as handle:
        np.savez(
            handle,
            allow_pickle=False,
            path=_texts([encode_cell(file.path) for file in features.files]),
            content=_texts(list(features.contents)),
            size=np.array([file.size for file in features.files], np.int64),
            mtime_ns=np.array([stamp(file.mtime_ns) for file in features.files], np.int64),
            features=features.matrix,
            unreadable=_texts([encode_cell(row.path) for row in features.unreadable]),
            reason=_texts([encode_cell(row.reason) for row in features.unreadable]),
            model=_texts(json.dumps(portable_tree(vars(model)), sort_keys=True)),
            source=_texts(encode_cell(str(source))),
            version=_texts(__version__),
        )


def _texts(value: str | list[str]) -> "NDArray[np.str_]":
    import numpy as np

    return np.array(value, dtype=np.str_)
