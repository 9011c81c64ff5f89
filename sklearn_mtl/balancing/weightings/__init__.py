"""Balancing methods that act on the losses of the tasks."""
