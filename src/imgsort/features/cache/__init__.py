"""Features and converted models that are kept between runs."""
