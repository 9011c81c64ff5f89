"""Balancing methods that act on the gradients of the tasks."""
