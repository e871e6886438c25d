"""Turns the bytes of an image file into pixels: OpenCV, Pillow, RAW files, and what is too large for these."""
