"""Objects in a store: lists, reads, copies and removes them, and never overwrites one.

addresses.py   what a person types: s3://bucket/prefix, gs://…, file://…
objects.py     describes one object, and what a store can say of a request
keys.py        which keys can be addressed safely
retrying.py    tries again where a server is busy
s3/, gcs.py    one bucket each, by the clients of s3fs and gcsfs
buckets.py     opens the bucket of an address
store.py       the objects below an address
conditions.py  finds out which conditions a store honours
claim.py       an object that stands for a lock
"""
