"""Moves or copies one file, in each way that a file system allows, and never replaces another file."""
