"""Follows the structure of each kind of file without decoding it."""
