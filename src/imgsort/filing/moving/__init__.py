"""Moves files, takes moves back, and settles killed runs."""
