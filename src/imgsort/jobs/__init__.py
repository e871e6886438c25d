"""The jobs: each module does the work of one command.

A job joins images, features, grouping and filing, and returns a plain result object. The public functions of `imgsort`
live here. Nothing here knows Click or the terminal. A job sends notices and progress to a `Listener`.
"""
