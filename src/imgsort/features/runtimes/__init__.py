"""What executes a backbone, and how one is chosen."""
