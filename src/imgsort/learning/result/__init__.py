"""The results of training: the classifier, its file, and its evaluation."""
