"""Serves the page, its data and its pictures to a browser on this machine, and to nobody else."""
