"""From a folder to pixels: which files are images, how they are read, how they are made square."""
