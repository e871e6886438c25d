"""What executes a backbone, and how one is chosen.

A runtime is one module that fulfils `interface.Runtime`, and one row of `table.RUNTIMES`. `ways.py` decides in which
precision and on which device a model is run, and takes the first runtime of the table that can.
"""
