"""How files of weights are read: as numbers, and nothing in them runs."""
