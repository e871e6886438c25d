"""The bytes of an image file to upright RGB pixels, or a reason why not."""
