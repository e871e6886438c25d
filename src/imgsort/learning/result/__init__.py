"""What comes out of training: the classifier, its file, and what it is worth."""
