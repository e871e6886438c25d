import numpy as np

from imgsort.features.runtimes.conversion.calibration import CROPS, calibration_squares


def test_the_pictures_are_the_same_for_everyone():
    """The crops are the same each time, and no two are alike.

    They come from both photographs, and they have the whole range of levels.
    """
    squares = calibration_squares(32)
    assert (squares.shape, squares.dtype) == ((CROPS, 32, 32, 3), np.uint8)
    assert np.array_equal(squares, calibration_squares(32))
    assert len({square.tobytes() for square in squares}) == CROPS
    assert (squares.min(), squares.max()) == (0, 255)
    china, flower = squares[::2].mean(axis=(0, 1, 2)), squares[1::2].mean(axis=(0, 1, 2))
    assert np.abs(china - flower).max() > 10
