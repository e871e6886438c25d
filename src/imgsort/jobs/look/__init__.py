"""The commands that look at images and change nothing."""
