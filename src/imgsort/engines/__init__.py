"""Other places than this process where images are looked at.

choose.py  the engine that a command asks for
ray/       Ray: many processes of one machine, or of many
"""
