"""Decides every move and every name. Reads the disk and changes nothing."""
