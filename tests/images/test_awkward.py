"""Tests what the reader makes of real awkward files.

`expectations.csv` beside the files says what a good reader makes of each.
"""

import csv
import io
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageOps

from imgsort.errors import UnreadableImageError
from imgsort.images.decoding.decode import read_image
from imgsort.images.finding.find import ImageFile, find_images
from tests.images.fuzz_memory import peak_mib

PROJECT = Path(__file__).resolve().parents[2]
MOST_SECONDS, MOST_MIB = 60, 1024

# How an expectation may start, and what the reader makes of such a file.
OUTCOMES = {
    "ok": "read",
    "decodes to 144 MP": "read",
    "truncated": "TruncatedImageError",
    "corrupt": "UnreadableImageError",
    "unreadable": "UnreadableImageError",
    "float tiff": "UnreadableImageError",
    "400 MP": "UnreadableImageError",
    "header claims": "UnreadableImageError",
    "SVG": "UnreadableImageError",
    "mode 000": "read",
}
NO_ROW = (
    "hidden file",
    "unreadable (macOS resource fork)",
    "not an image",
    "directory",
    "symlink",
    "dangling",
    "named",
)
# Files whose expectation allows several outcomes, and the outcome that imgsort chose.
CHOSEN = {"trunc_last2.jpg": "TruncatedImageError", "jpeg_header_65500sq.jpg": "UnreadableImageError"}


def expectations(data: Path) -> dict[str, str]:
    with (data / "awkward/expectations.csv").open(encoding="utf-8", newline="") as handle:
        rows = {row["file"]: row["expectation"] for row in csv.DictReader(handle)}
    return {os.fsdecode(b"bad_utf8_\xff\xfe.jpg") if "\\xff" in name else name: said for name, said in rows.items()}


def complete_copy(data: Path, root: Path) -> None:
    """Copy the files, and make the files that no archive can hold."""
    shutil.copytree(data / "awkward/files", root)
    for folder, _, files in os.walk(root):
        os.chmod(folder, 0o755)
        for file in files:
            os.chmod(os.path.join(folder, file), 0o644)
    shutil.copy(root / "good.jpg", root / os.fsdecode(b"bad_utf8_\xff\xfe.jpg"))
    shutil.copy(root / "good.jpg", root / "new\nline.jpg")
    shutil.copy(root / "good.jpg", root / "no_permission.jpg")
    (root / "no_permission.jpg").chmod(0)
    (root / "directory.jpg").mkdir()
    (root / "symlink.jpg").symlink_to("good.jpg")
    (root / "dangling.jpg").symlink_to("nowhere.jpg")
    (root / "loop").symlink_to(".")
    os.mkfifo(root / "fifo.jpg")


def outcome(root: Path, file: ImageFile) -> str:
    try:
        pixels = read_image(root, file).pixels
    except UnreadableImageError as error:
        assert str(error)
        return type(error).__name__
    assert (pixels.dtype, pixels.ndim, pixels.shape[2]) == (np.uint8, 3, 3)
    return "read"


def expected_outcome(name: str, said: str) -> str:
    if name in CHOSEN:
        return CHOSEN[name]
    return next(result for start, result in OUTCOMES.items() if said.startswith(start))


@pytest.mark.skipif(sys.platform != "linux", reason="other systems refuse some of the names")
def test_every_awkward_file_is_what_is_expected_of_it(shared_data, tmp_path):
    """Every file has the outcome in its row; all files together take at most a minute and a gigabyte."""
    complete_copy(shared_data, tmp_path / "files")
    done = subprocess.run(
        [sys.executable, "-m", "tests.images.test_awkward", str(tmp_path / "files")],
        cwd=PROJECT,
        capture_output=True,
        timeout=MOST_SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    found = json.loads(done.stdout)
    assert found.pop("peak_mib") < MOST_MIB
    expected = expectations(shared_data)
    assert len(expected) > 60
    rows = {name: said for name, said in expected.items() if not said.startswith(NO_ROW)}
    if os.geteuid() != 0:
        assert found.pop("no_permission.jpg") == "UnreadableImageError"
        del rows["no_permission.jpg"]
    assert found == {name: expected_outcome(name, said) for name, said in rows.items()}


@pytest.mark.parametrize("number", range(1, 9))
def test_the_eight_orientations_are_pillows(shared_data, number):
    """A photograph stored in any of the eight orientations is turned as Pillow turns it."""
    root = shared_data / "awkward/files"
    name = f"exif_orient_{number}.jpg"
    with Image.open(io.BytesIO((root / name).read_bytes())) as image:
        expected = np.asarray(ImageOps.exif_transpose(image).convert("RGB")).astype(int)
    found = read_image(root, ImageFile(name, 1, 1)).pixels
    assert found.shape == expected.shape
    assert np.abs(found - expected).max() <= 8


def main() -> None:
    """Print the outcome of every image file of a folder, and the peak memory in MiB."""
    root = Path(sys.argv[1])
    listing = find_images(root, recursive=True)
    assert not listing.unreadable
    found: dict[str, str | int] = {file.path: outcome(root, file) for file in listing.files}
    print(json.dumps({**found, "peak_mib": peak_mib()}))


if __name__ == "__main__":
    main()
