"""Brings the colours of a file to sRGB, and lays transparent pictures over a ground that they stand out from."""
