"""Runs the command line for `python -m imgsort`."""

from imgsort.cli import main

main()
