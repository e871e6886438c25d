"""Turns a Keras model into one that other runtimes read, and makes the pictures that it is quantised with."""
