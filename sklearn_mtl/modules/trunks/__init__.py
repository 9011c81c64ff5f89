"""Trunks, which the tasks share, one per file."""
