"""Says what the features of a dataset were made with. Every part of a dataset says the same."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from imgsort.portable_text import local_tree, portable_tree
from imgsort.version import __version__

_MOST_CHARACTERS = 65_536


@dataclass(frozen=True)
class DatasetHead:
    """What the features of a dataset were made with.

    `recipe`: the recipe of `Extraction`. `model`: the fields of the model's record, for people and reports.
    `source`: the folder or address of the images, without credentials.
    `began_ns`: when the run began that wrote a part. A file that was changed later is not known by its time.
    `version`: of imgsort.
    """

    recipe: str
    model: Mapping[str, Any] = field(hash=False)
    source: str
    began_ns: int
    version: str = __version__

    def to_metadata(self) -> dict[str, str]:
        """Return the metadata of a part."""
        return {
            "imgsort.version": self.version,
            "imgsort.recipe": self.recipe,
            "imgsort.model": json.dumps(portable_tree(dict(self.model)), sort_keys=True),
            "imgsort.source": self.source,
            "imgsort.began_ns": str(self.began_ns),
        }

    @classmethod
    def from_metadata(cls, metadata: Mapping[bytes, bytes]) -> "DatasetHead":
        """Read the metadata of a part, which may come from a stranger. Raises ValueError, which says what is wrong."""
        texts = {}
        for name in ("recipe", "model", "source", "began_ns", "version"):
            value = metadata.get(f"imgsort.{name}".encode())
            if value is None:
                raise ValueError(f"its metadata has no imgsort.{name}")
            if len(value) > _MOST_CHARACTERS:
                raise ValueError(f"its metadata imgsort.{name} is too long")
            texts[name] = value.decode("utf-8")
        model = local_tree(json.loads(texts["model"]))
        if not isinstance(model, dict):
            raise ValueError("its metadata imgsort.model is no JSON object")
        if not (texts["began_ns"].isascii() and texts["began_ns"].isdigit() and len(texts["began_ns"]) < 20):
            raise ValueError("its metadata imgsort.began_ns is no time")
        return cls(texts["recipe"], model, texts["source"], int(texts["began_ns"]), texts["version"])
