"""Turns labels into moves, makes the moves on disk, and takes them back. Knows only paths, no pixels.

planning/  decides every move and every name; writes nothing but the CSV file of a plan
journal/   reads and writes `.imgsort`: runs, the lock, the folders that imgsort made; reads all of it as foreign data
moving/    carries out a plan, takes it back, and settles killed runs
paths.py   makes relative paths safe to use, even if they come from an untrusted file

`moving` imports `journal`, and both import `planning`. No import goes the other way.
"""
