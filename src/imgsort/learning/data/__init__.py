"""Reads labelled folders as images with classes, and divides the images into parts."""
