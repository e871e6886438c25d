"""Commands for more images than one machine takes: their features are made once, and kept as a dataset."""
