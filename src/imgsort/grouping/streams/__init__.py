"""Groups rows that are too many to be compared at once: a sample is grouped, and the other rows stream past it."""
