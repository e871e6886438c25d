"""Turns the bytes of an image file into upright RGB pixels, or gives the reason why it cannot."""
