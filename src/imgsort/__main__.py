"""`python -m imgsort`."""

from imgsort.cli import main

main()
