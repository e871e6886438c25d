"""Finds what is wrong with an image, by measures of quality and a hash that near duplicates share."""
