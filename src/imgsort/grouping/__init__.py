"""From a matrix of features to labels. Knows arrays only: no files, no models."""
