"""Rows that look alike, as numbered categories."""
