"""Rows that do not belong: one method, one module."""
