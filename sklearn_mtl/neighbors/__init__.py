"""Retrieval: the nearest items by a representation that tasks have shaped."""

from sklearn_mtl.neighbors._brute_force import BruteForceIndex
from sklearn_mtl.neighbors._retriever import NeighborRetriever

__all__ = ["BruteForceIndex", "NeighborRetriever"]
