"""From pixels to a matrix: which models there are, where their weights come from, how they run."""
