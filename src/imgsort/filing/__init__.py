"""From labels to moves to disk, and back. Knows paths only: no pixels.

plan.py      decides every move; touches nothing. names.py chooses new names, for an image and what follows it
runs.py      a run: the whole plan, written before the first move, and what became of it;
             run_format.py its lines, run_file.py its bytes, twins.py its copy in another root
foreign.py   values from files that a stranger may have written
moving.py    one move that never replaces, in every way a file system allows
apply.py     carries a plan out; units.py keeps an image and what follows it together
settle.py    tidies up after a run that was killed
undo.py      takes a run back
lock.py      one run at a time
category_folders.py  which folders imgsort made, and how they are known again
paths.py     relative paths, safe to use although a stranger may have written them
state.py     the folder `.imgsort` and the small files in it
"""
