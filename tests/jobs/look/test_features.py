"""`extract_features` gives the matrix and touches nothing."""

import os

import imgsort


def test_features_of_a_folder(few_photos):
    """A row of 1280 an image, ordered by file name; the folder stays as it is."""
    before = os.listdir(few_photos)
    features = imgsort.extract_features(few_photos, size=64)
    assert features.matrix.shape == (12, 1280)
    assert [file.path for file in features.files] == sorted(before)
    assert os.listdir(few_photos) == before
