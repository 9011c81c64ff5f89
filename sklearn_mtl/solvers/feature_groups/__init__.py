"""Solvers for penalties on the norms of feature groups (rows of W)."""
