"""Turns labelled folders into a classifier, and measures how good it is.

It knows files and arrays, but moves no files.
"""
