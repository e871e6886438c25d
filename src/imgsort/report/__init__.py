"""Draws results as charts, in PNG files."""
