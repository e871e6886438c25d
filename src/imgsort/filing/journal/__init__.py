"""What `.imgsort` holds: runs, the lock, the record of category folders. All of it is read as foreign data."""
