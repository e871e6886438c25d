import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from imgsort.images.decoding.colours import ground as module
from imgsort.images.decoding.decode import ReadSettings, decode, read_image
from imgsort.images.decoding.letterbox import Square
from imgsort.images.finding.find import find_images
from imgsort.images.judging.inspect import inspect
from imgsort.images.judging.perceptual_hash import MAX_DISTANCE
from imgsort.images.judging.quality import ANALYSIS_SIDE_PX, Thresholds, faults
from tests.support import profiles
from tests.support.pictures import encode, over_black, png, png_chunk, see_through

BLACK, WHITE, GREY = module.BLACK, module.WHITE, module.GREY


def drawing(*colours: tuple[int, int, int], shape: str = "ellipse", side: int = 200) -> Image.Image:
    """Return a thick drawing of these colours, side by side, on nothing."""
    image = Image.new("RGBA", (side, side), (0, 0, 0, 0))
    draw = ImageDraw.Draw(image)
    step = (side - 40) // len(colours)
    for number, colour in enumerate(colours):
        box = (20 + number * step, 30, 20 + (number + 1) * step - 10, side - 30)
        {"ellipse": draw.ellipse, "rectangle": draw.rectangle, "line": draw.line}[shape](box, fill=(*colour, 255))
    return image


def corner(image: Image.Image, kind: str = "PNG", square: Square | None = None, **options: object) -> list[int]:
    return decode(encode(image, kind, **options), square=square)[0, 0].tolist()


@pytest.mark.parametrize(
    ("colours", "ground"),
    [
        ([(0, 0, 0)], WHITE),
        ([(60, 60, 60)], WHITE),
        ([(10, 20, 90)], WHITE),
        ([(0, 0, 0), (0, 0, 0), (0, 0, 0), (200, 30, 30)], WHITE),
        ([(0, 0, 0), (0, 0, 0), (255, 255, 255)], GREY),
        ([(255, 255, 255)], BLACK),
        ([(255, 0, 0)], BLACK),
        ([(30, 30, 255)], BLACK),
        ([(128, 128, 128)], BLACK),
        ([(255, 255, 255), (255, 255, 255), (0, 0, 0)], BLACK),
    ],
)
@pytest.mark.parametrize("kind", ["PNG", "WEBP", "TIFF"])
def test_the_ground_is_what_a_drawing_stands_out_from(colours, ground, kind):
    """A drawing lies over black, a dark one over white, and one that is dark with white parts over grey."""
    options = {"lossless": True} if kind == "WEBP" else {}
    assert corner(drawing(*colours), kind, **options) == [ground] * 3


def test_a_dark_drawing_keeps_its_colours():
    """Only what is transparent takes the colour of the ground."""
    found = decode(encode(drawing((0, 0, 0)), "PNG"))
    assert found[100, 100].tolist() == [0, 0, 0]
    assert found[5, 5].tolist() == [WHITE] * 3


@pytest.mark.parametrize("square", [None, Square(32), Square(224), Square(100, "stretch"), Square(ANALYSIS_SIDE_PX)])
def test_the_ground_does_not_depend_on_the_size(square):
    """A picture lies over the same ground, at whatever size a command looks at it."""
    images = [
        drawing((95, 95, 95), side=900),
        drawing((97, 97, 97), side=900),
        drawing((0, 0, 0), shape="line", side=900),
    ]
    assert [corner(image, square=square) for image in images] == [[level] * 3 for level in (WHITE, BLACK, WHITE)]


def test_the_network_and_check_see_the_same(tmp_path):
    """`check` and the reader of a network lay a dark drawing over white; `check` finds no fault in it."""
    (tmp_path / "a.png").write_bytes(encode(drawing((0, 0, 0)), "PNG"))
    (file,) = find_images(tmp_path).files
    assert read_image(tmp_path, file, square=Square(224)).pixels[0, 0].tolist() == [WHITE] * 3
    picture = inspect(tmp_path, file, ReadSettings()).picture
    assert picture is not None
    assert faults(picture.measures, Thresholds()) == ()


def test_dark_drawings_are_not_all_the_same(tmp_path):
    """Different black drawings on nothing have different looks; over black they would be one black square."""
    for name, shape in (("a", "ellipse"), ("b", "rectangle"), ("c", "line")):
        colours = [(0, 0, 0)] * (3 if name == "b" else 1)
        (tmp_path / f"{name}.png").write_bytes(encode(drawing(*colours, shape=shape), "PNG"))
    pictures = [inspect(tmp_path, file, ReadSettings()).picture for file in find_images(tmp_path).files]
    looks = [picture.look for picture in pictures if picture]
    assert len(looks) == 3
    pairs = [(one, other) for number, one in enumerate(looks) for other in looks[:number]]
    assert all((one ^ other).bit_count() > MAX_DISTANCE for one, other in pairs)


def test_a_soft_edge_fades_into_the_ground():
    """A half transparent black pixel over white is grey."""
    image = drawing((0, 0, 0))
    image.putpixel((3, 3), (0, 0, 0, 128))
    assert decode(encode(image, "PNG"))[3, 3].tolist() == pytest.approx([WHITE / 2] * 3, abs=1)


@pytest.mark.parametrize(
    "image", [Image.new("RGBA", (30, 30), (0, 0, 0, 0)), Image.new("RGBA", (30, 30), (9, 9, 9, 255))]
)
def test_without_a_picture_or_without_a_hole_there_is_no_ground(image):
    """What is all transparent stays black, and what is all opaque stays as it is."""
    assert np.array_equal(decode(encode(image, "PNG")), over_black(image))


def test_a_bright_picture_lies_over_black_as_ever():
    """The pixels of a picture that is not dark are those of the picture over black."""
    found = decode(encode(see_through(), "PNG"))
    assert np.abs(found.astype(int) - over_black(see_through())).max() <= 1


@pytest.mark.parametrize("kind", ["GIF", "PNG"])
def test_a_transparent_colour_of_a_palette(kind):
    """A black picture in a palette, with one transparent colour, lies over white."""
    picture = Image.new("P", (40, 40), 0)
    picture.putpalette([255, 0, 255, 0, 0, 0])
    picture.paste(1, (10, 10, 30, 30))
    found = decode(encode(picture, kind, transparency=0))
    assert (found[0, 0].tolist(), found[20, 20].tolist()) == ([WHITE] * 3, [0, 0, 0])


@pytest.mark.parametrize("depth", [8, 16])
def test_a_transparent_level_of_a_grey_png(depth):
    """A dark grey picture with a transparent level lies over white, in 8 and in 16 bits."""
    most = 2**depth - 1
    levels = np.full((20, 20, 1), most)
    levels[5:15, 5:15] = most // 10
    found = decode(png(levels, depth, 0, before=png_chunk(b"tRNS", most.to_bytes(2, "big"))))
    assert (found[0, 0].tolist(), found[10, 10, 0]) == ([WHITE] * 3, 25)


def test_how_dark_a_picture_is_depends_on_its_profile():
    """Levels that a linear profile shows as light lie over black."""
    linear = profiles.rgb(profiles.SRGB, profiles.gamma_curve(1.0))
    assert corner(drawing((80, 80, 80))) == [WHITE] * 3
    assert corner(drawing((80, 80, 80)), icc_profile=linear) == [BLACK] * 3


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 2**32 - 1), st.integers(1, 40), st.integers(1, 40), st.integers(0, 255), st.sampled_from([8, 64]))
def test_a_picture_lies_over_one_of_three_grounds(seed, height, width, most, side):
    """Any transparent picture is itself over one of the three grounds, to one level of rounding."""
    layers = np.random.default_rng(seed).integers(0, most + 1, (height, width, 4), dtype=np.uint8)
    layers[..., 3] = np.random.default_rng(seed + 1).integers(0, 256, (height, width))
    found = decode(encode(Image.fromarray(layers), "PNG")).astype(int)
    opacity = layers[..., 3:] / 255
    expected = [layers[..., :3] * opacity + ground * (1 - opacity) for ground in (BLACK, GREY, WHITE)]
    assert min(np.abs(found - wanted).max() for wanted in expected) <= 2
    assert decode(encode(Image.fromarray(layers), "PNG"), square=Square(side)).shape[2] == 3
