"""Labelled folders to a classifier, and what it is worth. Knows files and arrays; files nothing."""
