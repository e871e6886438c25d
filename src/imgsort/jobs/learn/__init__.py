"""The commands that learn from a person's folders, with one module for each."""
