"""Tests `extract_features`: it returns the matrix and changes no file."""

import os

import imgsort


def test_features_of_a_folder(few_photos):
    """The matrix has a row of 1280 for each image, in the order of the file names. The folder does not change."""
    before = os.listdir(few_photos)
    features = imgsort.extract_features(few_photos, size=64)
    assert features.matrix.shape == (12, 1280)
    assert [file.path for file in features.files] == sorted(before)
    assert os.listdir(few_photos) == before
