"""Keeps the corrections of a review on disk, takes them up again, and allows one review at a time."""
