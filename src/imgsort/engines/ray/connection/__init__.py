"""Connects this process to a Ray.

cluster.py       starts a Ray of our own, or joins one that runs
own.py           a Ray that only this process uses
guard.py         ends what is left of it if this process is killed
quiet.py         keeps what Ray says off the terminal
surroundings.py  the variables, the folder and the signals of this process while Ray starts
"""
