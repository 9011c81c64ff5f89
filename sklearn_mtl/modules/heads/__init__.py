"""Heads of the tasks, one per file."""
