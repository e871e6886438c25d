"""Steps of the commands that learn."""
