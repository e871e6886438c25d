"""A dataset of features: a folder of Parquet files that imgsort, pandas, polars and DuckDB read.

place.py    where the files lie: a folder, or another store that fulfils the protocol
head.py     what the features were made with
part.py     one file: its columns and its name
writer.py   writes rows, a part at a time
reader.py   reads a dataset, which may come from a stranger
foreign_part.py  reads one part of it
checks.py   what a part may say, before anything of it is decoded
footer.py   where the pages of a part lie, and pages.py: how much they hold when they are decoded
thrift.py   how footers and page headers are written
"""
