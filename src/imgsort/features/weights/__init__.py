"""Where the weights of backbones come from, and how their files are read.

`published.py` tries one place after another for weights that Keras publishes. Each place has its own module. Weights
from every place must have the same numbers: their hash is in the table of backbones.
"""
