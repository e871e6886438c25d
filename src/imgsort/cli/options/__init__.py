"""The options of the commands: each is a decorator."""
