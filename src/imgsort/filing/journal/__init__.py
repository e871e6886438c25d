"""Reads and writes `.imgsort`: runs, the lock, the record of category folders. Reads all of it as foreign data."""
