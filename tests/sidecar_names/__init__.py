"""Tests mirror src/imgsort/sidecar_names."""
