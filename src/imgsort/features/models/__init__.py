"""The table of backbones, their weights, and how each is built."""
