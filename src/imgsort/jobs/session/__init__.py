"""The work that all commands that file images have in common, with one module for each phase.

collection.py  opens a collection: locks it, settles killed runs, lists the images
looking.py     looks at the images: their features, which of them can be read, and the model that looked
filing.py      carries out what the command decided, and returns its result
"""
