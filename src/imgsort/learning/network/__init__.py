"""What is trained: heads and networks, and what can be done with a network."""
