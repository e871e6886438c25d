"""One module a command: joins images, features, grouping and filing, and returns a plain result object.

The public functions of `imgsort` live here. Nothing here knows Click or the terminal; what a person
should hear meanwhile goes to a `Listener`.
"""
