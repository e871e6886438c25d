"""The commands that look after the cache and the models, a module each."""
