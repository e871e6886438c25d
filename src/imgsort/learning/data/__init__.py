"""Labelled folders as images, classes, and their division into parts."""
