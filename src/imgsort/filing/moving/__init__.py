"""Moves files and takes it back: apply, undo, and settling what was killed."""
