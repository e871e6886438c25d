"""Which names belong together: the image `x.jpg`, and the names of its sidecars. Knows names only, and no disk.

kinds.py     the suffixes of RAW files, videos, and the notes of editors and cameras
fronts.py    which images a sidecar's name points to, the likeliest first
takeout.py   the JSON files of Google Takeout
phones.py    the names of Apple and Pixel phones
patterns.py  the patterns of a user's own sidecars
rules.py     all of these together
owners.py    finds the image of each sidecar among the images of one folder
forms.py     the name that a sidecar gets when its image gets another name
"""
