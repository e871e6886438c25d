"""The commands that put a folder in order, with one module for each."""
