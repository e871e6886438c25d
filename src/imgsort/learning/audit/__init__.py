"""Judges the labels of images by their features. Arrays only: no files."""
