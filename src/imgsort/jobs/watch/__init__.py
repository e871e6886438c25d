"""`imgsort watch`: files new images as they arrive."""
