"""Finds the images of a folder, and the files that go with them."""
