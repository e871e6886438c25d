"""The commands that look after the cache and the models, with one module for each."""
