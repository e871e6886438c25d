"""From labels to moves to disk, and back. Knows paths only: no pixels.

planning/  decides every move and every name; touches nothing
journal/   what `.imgsort` holds: runs, the lock, which folders imgsort made; all of it read as foreign data
moving/    carries a plan out, takes it back, and settles what was killed
paths.py   relative paths, safe to use although a stranger may have written them

`moving` imports `journal`, and both import `planning`; never the other way.
"""
