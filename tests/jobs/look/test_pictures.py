import io

import pytest
from PIL import Image

from imgsort.content import content_hash
from imgsort.errors import UnreadableImageError
from imgsort.images.finding.find import ImageFile
from imgsort.jobs.look.pictures import picture_of
from tests.support.pictures import encode, gradient


def pictured(tmp_path, data, content=None):
    (tmp_path / "a.jpg").write_bytes(data)
    return picture_of(tmp_path, ImageFile("a.jpg", len(data), 0), content or content_hash(data))


def test_a_picture_is_upright_and_holds_nothing_else_of_the_file(tmp_path):
    """EXIF turns the picture and is left out; neither place nor camera is in the result."""
    image = Image.fromarray(gradient(60, 90))
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = 6, "A camera that nobody should know"
    written = io.BytesIO()
    image.save(written, "JPEG", exif=exif, comment=b"secret")
    picture = pictured(tmp_path, written.getvalue())
    shown = Image.open(io.BytesIO(picture))
    assert (shown.format, shown.size) == ("JPEG", (60, 90))
    assert not shown.getexif() and b"camera" not in picture and b"secret" not in picture


def test_a_large_image_is_scaled_down_and_a_small_one_is_not_enlarged(tmp_path):
    """The longer side has at most 1600 pixels."""
    for height, width, size in ((3000, 1500, (800, 1600)), (40, 30, (30, 40))):
        picture = pictured(tmp_path, encode(gradient(height, width), "PNG"))
        assert Image.open(io.BytesIO(picture)).size == size


@pytest.mark.parametrize("data", [b"", b"no image", encode(gradient(), "PNG")[:60]])
def test_what_cannot_be_read_is_an_error(tmp_path, data):
    """The caller shows no picture."""
    with pytest.raises(UnreadableImageError):
        pictured(tmp_path, data)


def test_other_bytes_than_those_that_were_looked_at_are_an_error(tmp_path):
    """A file that was replaced meanwhile is not shown as the old one."""
    with pytest.raises(UnreadableImageError, match="changed"):
        pictured(tmp_path, encode(gradient(), "PNG"), content_hash(b"other"))
