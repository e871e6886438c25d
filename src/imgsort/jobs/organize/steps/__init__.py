"""Steps of the commands that organize."""
