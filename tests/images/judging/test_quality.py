import math
from dataclasses import astuple, replace

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imgsort.images.judging.quality import (
    REASONS,
    Fault,
    Measures,
    Thresholds,
    contrast,
    faults,
    highlights,
    measure,
    overexposure,
)
from tests.support.drawings import flag, form, scan, stars

GOOD = Measures(min_side_px=1000, aspect=1.5, contrast=200, highlights=250, overexposure=0.1, sharpness=0.5)
side = st.integers(1, 200)
shapes = st.one_of(st.tuples(side, side), st.tuples(st.just(1), st.integers(1, 5000)), st.just((5000, 1)))


def measured(pixels: np.ndarray) -> Measures:
    return measure(pixels, pixels.shape[1], pixels.shape[0])


def reasons(pixels: np.ndarray) -> set[str]:
    return {fault.reason for fault in faults(measured(pixels), Thresholds())}


def in_colour(gray: np.ndarray) -> np.ndarray:
    return np.repeat(gray.astype(np.uint8)[..., None], 3, axis=2)


def clear_sky() -> np.ndarray:
    """Return a gradient from deep blue to light blue, with the noise of a sensor."""
    rows = np.linspace(0, 1, 360)[:, None, None]
    sky = np.array((40, 90, 170)) * (1 - rows) + np.array((150, 190, 235)) * rows
    noise = np.random.default_rng(0).normal(0, 2, (360, 512, 3))
    return np.clip(sky + noise, 0, 255).astype(np.uint8)


def studio_shot() -> np.ndarray:
    """Return a picture of a box with stripes on a pure white background."""
    picture = np.full((400, 500, 3), 255, np.uint8)
    picture[120:280, 170:330] = (90, 60, 50)
    picture[120:280:20, 170:330] = (200, 180, 40)
    cv2.circle(picture, (250, 200), 45, (20, 30, 120), -1)
    return picture


@settings(deadline=None, max_examples=60)
@given(shapes, st.one_of(st.none(), st.tuples(*[st.integers(0, 255)] * 3)))
def test_every_shape_and_colour_has_measures(shape, colour):
    """Each measure of noise or of one colour is finite, within its range and repeatable, in any shape."""
    noise = np.random.default_rng(0).integers(0, 256, (*shape, 3), dtype=np.uint8)
    pixels = noise if colour is None else np.full((*shape, 3), colour, np.uint8)
    found = measured(pixels)
    assert all(value is None or math.isfinite(value) for value in astuple(found))
    assert 0 <= found.contrast <= 255
    assert 0 <= found.highlights <= 255
    assert 0 <= found.overexposure <= 1
    assert found.min_side_px == min(shape)
    assert found == measured(pixels)
    assert (colour is None) or "blank" in {fault.reason for fault in faults(found, Thresholds())}


@settings(deadline=None, max_examples=60)
@given(shapes, st.integers(0, 2**32 - 1))
def test_highlights_are_the_percentile(shape, seed):
    """The lightest tone, which is found by counting, is NumPy's percentile of the highest channel."""
    pixels = np.random.default_rng(seed).integers(0, 256, (*shape, 3), dtype=np.uint8)
    assert highlights(pixels) == pytest.approx(float(np.percentile(pixels.max(axis=2), 99.9)), abs=1e-9)


def one_line_of_text() -> np.ndarray:
    page = np.full((400, 512, 3), 255, np.uint8)
    return cv2.putText(page, "one line of text", (60, 200), cv2.FONT_HERSHEY_SIMPLEX, 0.6, (0, 0, 0))


def moon_at_night() -> np.ndarray:
    return cv2.circle(np.full((400, 512, 3), 8, np.uint8), (300, 120), 14, (230, 225, 210), -1)


def red_sunset() -> np.ndarray:
    return cv2.circle(np.full((400, 512, 3), 4, np.uint8), (250, 180), 60, (230, 30, 10), -1)


def lens_cap() -> np.ndarray:
    return np.clip(np.random.default_rng(0).normal(12, 3, (400, 512, 3)), 0, 255).astype(np.uint8)


def two_colours_of_one_luma() -> np.ndarray:
    return np.hstack([np.full((400, 256, 3), colour, np.uint8) for colour in ((200, 20, 10), (10, 116, 20))])


@pytest.mark.parametrize(
    ("pixels", "expected_contrast", "expected_highlights"),
    [
        (in_colour(np.zeros((50, 50))), 0, 0),
        (in_colour(np.full((50, 50), 255)), 0, 255),
        (in_colour(np.arange(256).repeat(256).reshape(256, 256)), 251, 255),
        (in_colour(np.pad(np.full((16, 16), 240), 48)), 240, 240),
        (in_colour(np.pad(np.full((1, 1), 240), 48)), 3, 0),
        (red_sunset(), 226, 230),
        (two_colours_of_one_luma(), 190, 200),
    ],
    ids=["black", "white", "ramp", "a lamp at night", "a bad pixel", "a red sunset", "two colours"],
)
def test_contrast_and_highlights(pixels, expected_contrast, expected_highlights):
    """Contrast and highlights are in levels of the channel that has the most.

    A lamp counts for both. A bad pixel counts for neither.
    """
    assert contrast(pixels) == pytest.approx(expected_contrast, abs=2)
    assert highlights(pixels) == pytest.approx(expected_highlights, abs=2)


@pytest.mark.parametrize(
    ("pixels", "expected"),
    [
        (np.full((10, 10, 3), 249, np.uint8), 0),
        (np.full((10, 10, 3), 255, np.uint8), 0),
        (np.full((10, 10, 3), (255, 100, 100), np.uint8), 1),
        (np.hstack([np.full((10, 10, 3), (255, 255, 90)), np.full((10, 10, 3), 90)]).astype(np.uint8), 0.5),
        (in_colour(np.pad(np.full((10, 10), 90), 10, constant_values=255)), 0),
        (in_colour(np.pad(np.full((10, 10), 255), 10, constant_values=90)), 100 / 900),
        (np.pad(np.full((10, 10, 3), (255, 90, 90)), ((10,), (10,), (0,)), constant_values=255).astype(np.uint8), 1),
    ],
    ids=[
        "light grey",
        "white only",
        "red clipped",
        "half clipped",
        "object on white",
        "white inside",
        "clipped on white",
    ],
)
def test_overexposure(pixels, expected):
    """Overexposure is the share of clipped pixels among the pixels outside a white background."""
    assert overexposure(pixels) == pytest.approx(expected)


@pytest.mark.parametrize(
    "make", [clear_sky, studio_shot, one_line_of_text, moon_at_night, red_sunset, two_colours_of_one_luma]
)
def test_good_pictures_without_much_in_them_have_no_fault(make):
    """A clear sky and an object on white are neither blurred nor too bright.

    A picture with little to see in it is neither blank nor too dark.
    """
    assert reasons(make()) == set()


def test_a_lens_cap_is_blank():
    """The noise of a sensor does not count as contrast."""
    assert reasons(lens_cap()) == {"blank"}


def test_a_blurred_studio_shot_is_blurred():
    """The white background does not hide that the object is blurred."""
    assert "blurred" in reasons(cv2.GaussianBlur(studio_shot(), (0, 0), 5))


@pytest.mark.parametrize(
    ("field", "value", "reason"),
    [
        ("min_side_px", 63, "too-small"),
        ("contrast", 7.9, "blank"),
        ("aspect", 4.1, "odd-aspect"),
        ("highlights", 99.0, "too-dark"),
        ("overexposure", 0.9, "too-bright"),
        ("sharpness", 0.1, "blurred"),
    ],
)
def test_each_measure_has_its_reason(field, value, reason):
    """A measure beyond its threshold gives one fault, which names the value.

    A measure at its threshold gives no fault.
    """
    (fault,) = faults(replace(GOOD, **{field: value}), Thresholds())
    assert (fault.reason, fault.value) == (reason, value)
    assert faults(replace(GOOD, **{field: fault.threshold}), Thresholds()) == ()
    assert reason in REASONS


def test_a_good_picture_has_no_fault_and_a_blank_one_no_exposure():
    """A picture without an edge is not blurred, and a black picture is blank, not too dark."""
    assert faults(replace(GOOD, sharpness=None), Thresholds()) == ()
    assert faults(replace(GOOD, contrast=0, highlights=0), Thresholds()) == (Fault("blank", 0, 8.0),)


def test_scale_hardly_matters():
    """The same picture at three times the size has nearly the same measures, and still no fault."""
    small = studio_shot()
    large = cv2.resize(small, None, fx=3, fy=3, interpolation=cv2.INTER_CUBIC)
    one, other = measured(small), measured(large)
    assert faults(other, Thresholds()) == ()
    assert other.highlights == one.highlights
    assert other.sharpness == pytest.approx(one.sharpness, abs=0.15)


@pytest.mark.parametrize(("seed", "count"), [(0, 200), (1, 40), (2, 2000)], ids=["stars", "few stars", "many stars"])
def test_a_star_field_is_a_picture(seed, count):
    """Stars on a black sky are neither blank nor too dark."""
    assert reasons(np.asarray(stars(seed, count))) == set()


@pytest.mark.parametrize("noise", [1.2, 3.0, 6.0])
def test_noise_is_no_star_field(noise):
    """A sky without stars is blank or too dark, whatever the noise of the sensor."""
    assert reasons(np.asarray(stars(0, 0, noise))) & {"blank", "too-dark"}


RED, WHITE, BLACK, BLUE, YELLOW = (237, 41, 57), (255, 255, 255), (0, 0, 0), (0, 56, 168), (255, 206, 0)


@pytest.mark.parametrize("lying", [True, False])
@pytest.mark.parametrize("colours", [(RED, WHITE, RED), (BLACK, WHITE, RED), (YELLOW, BLUE), (WHITE, BLUE, YELLOW)])
def test_flags_are_not_too_bright(colours, lying):
    """White and bright yellow in flat colours are no burnt-out light, also after JPEG."""
    picture = np.asarray(flag(*colours, lying=lying))
    again = cv2.imdecode(cv2.imencode(".jpg", picture)[1], cv2.IMREAD_COLOR)
    assert reasons(picture) == reasons(again) == set()


def test_a_burnt_out_photograph_is_too_bright():
    """Light that is clipped in a picture with noise and gradients is a fault, also with flat white in it."""
    sky = clear_sky().astype(np.float32)
    assert "too-bright" in reasons(np.clip(1.9 * sky, 0, 255).astype(np.uint8))


@pytest.mark.parametrize("sigma", [0.5, 1, 1.5, 2])
@pytest.mark.parametrize("dpi", [72, 100, 150, 200, 300])
def test_scans_are_not_blurred(dpi, sigma):
    """The text of a scan that can still be read is not blurred, at any resolution."""
    assert reasons(np.asarray(scan(dpi, sigma))) == set()


def test_a_page_that_nobody_can_read_is_blurred():
    """A page out of focus is still blurred."""
    assert "blurred" in reasons(cv2.GaussianBlur(np.asarray(form(0)), (0, 0), 8))
