"""Retrieval: the nearest items by a representation that tasks have shaped."""

from sklearn_mtl.neighbors._brute_force import BruteForceIndex

__all__ = ["BruteForceIndex"]
