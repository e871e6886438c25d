"""Which files of a folder are its images, and which files go with them."""
