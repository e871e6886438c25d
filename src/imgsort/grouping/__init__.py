"""From a matrix of features to labels. This package knows only arrays, no files and no models."""
