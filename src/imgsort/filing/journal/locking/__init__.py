"""Allows one run at a time in a collection, by the lock of the system or by a marker in its place."""
