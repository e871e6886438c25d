"""What looks at images and changes nothing."""
