"""Decides every move and every name. Looks at the disk, touches nothing."""
