"""Executes backbones with runtimes, and chooses one of them.

A runtime is one class that fulfils `interface.Runtime`, in its own module, and one row of `table.RUNTIMES`. `ways.py`
chooses the precision and the device for a model. Then it takes the first runtime of the table that can use them.
"""
