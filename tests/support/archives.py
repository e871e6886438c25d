"""Classifiers' files with other members than they were written with."""

import io
import zipfile

RECORD, NUMBERS, CONFIG, WEIGHTS = "imgsort.json", "imgsort.safetensors", "config.json", "model.weights.h5"


def altered(data: bytes, **members: bytes | None) -> bytes:
    """Return the archive with other contents of members, `.` written `__`, or without those that are None."""
    given = {name.replace("__", "."): content for name, content in members.items()}
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as archive, zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as new:
        for name in [*archive.namelist(), *given.keys() - set(archive.namelist())]:
            content = given.get(name, b"") if name in given else archive.read(name)
            if content is not None:
                new.writestr(name, content)
    return buffer.getvalue()


def member(data: bytes, name: str) -> bytes:
    """Return a member of the archive."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return archive.read(name)
