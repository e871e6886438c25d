"""Keeps features and converted models between runs."""
