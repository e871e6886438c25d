"""What lies in an inbox: which images are there, rest, are whole, and are not to stay."""
