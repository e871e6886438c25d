"""Decides which files and folders are not the images of the user: patterns of gitignore, and folders of programs."""
