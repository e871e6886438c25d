"""Prints what the commands report: tables and JSON on stdout, and failures on stderr."""
