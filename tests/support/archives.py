"""Makes copies of classifier files with changed members."""

import io
import zipfile

RECORD, NUMBERS, CONFIG, WEIGHTS = "imgsort.json", "imgsort.safetensors", "config.json", "model.weights.h5"


def altered(data: bytes, **members: bytes | None) -> bytes:
    """Return a copy of the archive with other contents of the given members.

    In the names of the arguments, `__` stands for `.`. A member whose content is None is left out.
    """
    given = {name.replace("__", "."): content for name, content in members.items()}
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as archive, zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as new:
        for name in [*archive.namelist(), *given.keys() - set(archive.namelist())]:
            content = given.get(name, b"") if name in given else archive.read(name)
            if content is not None:
                new.writestr(name, content)
    return buffer.getvalue()


def member(data: bytes, name: str) -> bytes:
    """Return the content of a member of the archive."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return archive.read(name)
