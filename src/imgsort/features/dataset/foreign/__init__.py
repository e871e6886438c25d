"""Reads what a stranger may have written, without believing it.

foreign_part.py  reads one part of a dataset
checks.py        what a part may say, before anything of it is decoded
footer.py        where the pages of a part lie, and pages.py: how much they hold when they are decoded
thrift.py        how footers and page headers are written
"""
