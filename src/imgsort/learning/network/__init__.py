"""Trains heads and networks, and loads, explains and exports networks."""
