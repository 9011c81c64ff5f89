"""Solvers for penalties on the lengths of feature groups, the rows of W."""
