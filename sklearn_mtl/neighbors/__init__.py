"""Retrieval of nearest neighbours in a representation learned from the tasks."""

from sklearn_mtl.neighbors._brute_force import BruteForceIndex
from sklearn_mtl.neighbors._embedding_display import EmbeddingDisplay
from sklearn_mtl.neighbors._faiss import FaissHNSWIndex, FaissIVFIndex
from sklearn_mtl.neighbors._retrieval_display import RetrievalDisplay
from sklearn_mtl.neighbors._retriever import NeighborRetriever

__all__ = [
    "BruteForceIndex",
    "EmbeddingDisplay",
    "FaissHNSWIndex",
    "FaissIVFIndex",
    "NeighborRetriever",
    "RetrievalDisplay",
]
