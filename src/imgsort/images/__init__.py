"""From a folder to pixels: finds the image files, reads them, judges them, and makes them square."""
