"""Commands for more than the folders of one machine: datasets of features, and object stores."""
