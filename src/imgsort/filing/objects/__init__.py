"""Files objects of a store: copies them to the prefix of their category, and takes the copies back.

An object is never moved, and none is overwritten. The journal lies in a folder of this machine.

plan.py       describes the copies of a run
planning.py   chooses the names of new objects
edited.py     checks the rows of a plan that a person edited
run.py        one run as its file records it
journal.py    begins, reads and lists the runs of a journal
copying.py    copies one object, and removes one copy
apply.py, settle.py, undo.py: what runs do
"""
