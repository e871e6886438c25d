"""What every command that files images does around its own work, a module each phase.

collection.py  opens a collection: locks it, settles killed runs, lists the images
looking.py     looks at its images: features, which of them can be read, and the model that looked
filing.py      carries out what the command decided, and returns its result
"""
