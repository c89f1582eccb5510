"""Revisions of the tables, in order. None is ever changed once it has been released."""
