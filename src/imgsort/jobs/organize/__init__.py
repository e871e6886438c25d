"""The commands that put a folder in order, a module each."""
