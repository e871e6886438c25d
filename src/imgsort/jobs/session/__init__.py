"""The work that all commands that file images have in common, with one module for each phase.

collection.py  opens a collection: locks it, settles killed runs, lists the images
looking.py     looks at the images: their features, which of them can be read, and the model that looked
companions.py  says which files look as if they belonged to images that left
filing.py      carries out what the command decided, and returns its result

The phases use these modules, and so do commands that file nothing:

locking.py     takes the lock and settles killed runs
listing.py     lists the images of a collection, and those in the folders that imgsort made
extracting.py  makes the features of listed images
ready_features.py  takes features from a dataset that `imgsort embed` made
placing.py     turns an image and its folder into a placement for `filing`
"""
