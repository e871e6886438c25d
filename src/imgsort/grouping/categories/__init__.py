"""Groups rows that look alike into numbered categories."""
