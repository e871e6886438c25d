"""Finds rows that do not belong. Each module holds one method."""
