"""The options of the commands. Each option is a decorator."""
