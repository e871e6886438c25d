"""Decides every move and every name. Reads the disk; writes nothing but the CSV file of a plan, if asked to."""
