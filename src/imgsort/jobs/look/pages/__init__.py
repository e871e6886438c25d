"""Turns what a command saw and its result into what a page shows."""
