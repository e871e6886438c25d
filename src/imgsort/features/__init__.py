"""Turns pixels into a matrix of features: the models, their weights, and how they run."""
