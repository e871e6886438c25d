"""Looks at images with Ray: tasks read and decode them, actors ask the model, tasks write parts of a dataset.

connection/  a Ray of our own, or one that runs
crew.py      how many workers there are, and whether each machine can do the work
blocks.py    the images in blocks that travel
work.py      what the workers do
alone.py     reads images in a process of their own, after a worker died
witness.py   remembers what was begun
foreman.py   runs the pipeline on the cluster for a driver outside
pipeline.py  joins the work to a stream by Ray Data
engine.py    the engine
"""
