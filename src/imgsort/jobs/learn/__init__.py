"""The commands that learn a person's folders, a module each."""
