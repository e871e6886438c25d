"""A dataset of features: a folder of Parquet files that imgsort, pandas, polars and DuckDB read.

place.py    where the files lie: a folder, or another store that fulfils the protocol
head.py     what the features were made with
part.py     one file: its columns and its name
writer.py   writes rows, a part at a time
reader.py   reads a dataset, which may come from a stranger, and content_index.py finds its rows by content
foreign/    reads one part of it, and believes nothing
"""
