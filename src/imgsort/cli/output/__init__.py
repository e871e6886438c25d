"""What the commands have to say, as tables and JSON on stdout, and failures on stderr."""
