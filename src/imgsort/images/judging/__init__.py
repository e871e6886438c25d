"""What is wrong with an image: measures of quality, and a hash that near duplicates share."""
