"""Steps of the commands that put a folder in order."""
