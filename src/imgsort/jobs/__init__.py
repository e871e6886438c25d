"""The jobs: the work of the commands, with one module for each command.

organize/  commands that file images in folders, and take this back
learn/     commands that train and use a classifier
look/      commands that only look
upkeep/    commands for what imgsort keeps: the cache and the weights of models
session/   what all commands that file images have in common
`steps` in a room holds parts of its commands.

A job joins images, features, grouping and filing, and returns a plain result object. The public functions of `imgsort`
live here. Nothing here knows Click or the terminal. A job sends notices and progress to a `Listener`.
"""
