"""Looks into JPEG XL and RAW files, which neither OpenCV nor Pillow reads."""
