"""Approximate nearest-neighbours indexes of faiss."""

from __future__ import annotations

import math
from numbers import Integral
from typing import Any, ClassVar

import numpy as np

from sklearn_mtl.neighbors._base_faiss import BaseFaissIndex
from sklearn_mtl.utils._private import Interval

__all__ = ["FaissHNSWIndex", "FaissIVFIndex"]


class FaissIVFIndex(BaseFaissIndex):
    """Approximate search in an inverted file of k-means clusters.

    k-means divides the items into lists. Each query is compared with the items of the
    `breadth_` lists with the nearest centres. Distances are Euclidean. For vectors of
    norm 1, which NeighborRetriever passes for the metric "cosine", they give the same
    order as cosine distances.

    It is faster to build than FaissHNSWIndex. Prefer it if memory is limited, many
    items are added later, or an index answers only few queries.

    Parameters
    ----------
    n_neighbors : int, default=10
        Default number of neighbours of `kneighbors`.
    target_recall : float, default=0.99
        Fraction of the ten true nearest neighbours that searches must find. The breadth
        is doubled until the recall of held-out items exceeds this target by a margin.
    n_lists : int, default=None
        Number of lists; None means 4 sqrt(n_items), or less for small galleries.

    Attributes
    ----------
    recall_ : float
        Recall@10, measured with up to 200 items as queries before they were added to
        the index. They were not used to choose the breadth. A neighbour counts as found
        if it is as near as the tenth true neighbour.
    breadth_ : int
        Number of lists that a query examines.
    build_seconds_ : float
        Time to build the index and to measure the recall, in seconds.
    break_even_ : float
        Number of queries from which on the index, including its build, takes less time
        than exact search; infinite if it is never faster.
    n_features_in_ : int
        Number of features seen in fit.

    See Also
    --------
    BruteForceIndex : Exact search, the default of NeighborRetriever.
    FaissHNSWIndex : Slower to build, but faster for many queries.

    Notes
    -----
    It requires the extra `retrieval` (faiss-cpu). On macOS, faiss and PyTorch both
    contain an OpenMP runtime, and importing both may crash the process.

    References
    ----------
    M. Douze et al., "The Faiss library", 2024, arXiv:2401.08281; J. Sivic, A.
    Zisserman, "Video Google", ICCV 2003.

    Examples
    --------
    >>> from sklearn_mtl.neighbors import FaissIVFIndex, NeighborRetriever
    >>> from sklearn.decomposition import PCA
    >>> retriever = NeighborRetriever(PCA(16), index=FaissIVFIndex())
    >>> retriever.get_params()["index__target_recall"]
    0.99
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **BaseFaissIndex._parameter_constraints,
        "n_lists": [Interval(Integral, 1, None, closed="left"), None],
    }

    def __init__(
        self,
        n_neighbors: int = 10,
        *,
        target_recall: float = 0.99,
        n_lists: int | None = None,
    ) -> None:
        self.n_neighbors = n_neighbors
        self.target_recall = target_recall
        self.n_lists = n_lists

    def _build(self, rows: np.ndarray, faiss: Any) -> Any:
        n_items, n_features = rows.shape
        # faiss recommends at least 39 items per list for k-means
        most = max(1, n_items // 39)
        n_lists = min(self.n_lists or int(4 * math.sqrt(n_items)), most)
        centres = faiss.IndexFlatL2(n_features)
        index = faiss.IndexIVFFlat(centres, n_features, n_lists)
        index.cp.min_points_per_centroid = 1  # no warning for tiny galleries
        index.train(rows)
        index.add(rows)
        return index

    def _breadths(self, n_items: int) -> list[int]:
        n_lists = self._index.nlist
        return [*(2**p for p in range(3, 30) if 2**p < n_lists), n_lists]

    def _set_breadth(self, breadth: int) -> None:
        self._index.nprobe = breadth


class FaissHNSWIndex(BaseFaissIndex):
    """Approximate search in a hierarchical graph of neighbours.

    Each item is linked to near items, in layers from coarse to fine. The search follows
    the links towards the query and keeps the `breadth_` best candidates. Distances are
    Euclidean. For vectors of norm 1, which NeighborRetriever passes for the metric
    "cosine", they give the same order as cosine distances.

    It is slow to build, but the fastest index for large numbers of queries.

    Parameters
    ----------
    n_neighbors : int, default=10
        Default number of neighbours of `kneighbors`.
    target_recall : float, default=0.99
        Fraction of the ten true nearest neighbours that searches must find. The breadth
        is doubled until the recall of held-out items exceeds this target by a margin.
    n_links : int, default=32
        Number of links per item. More links increase the recall and the memory.
    build_breadth : int, default=80
        Breadth of the searches that choose the links.

    Attributes
    ----------
    recall_ : float
        Recall@10, measured with up to 200 items as queries before they were added to
        the index. They were not used to choose the breadth. A neighbour counts as found
        if it is as near as the tenth true neighbour.
    breadth_ : int
        Number of candidates that a search keeps.
    build_seconds_ : float
        Time to build the index and to measure the recall, in seconds.
    break_even_ : float
        Number of queries from which on the index, including its build, takes less time
        than exact search; infinite if it is never faster.
    n_features_in_ : int
        Number of features seen in fit.

    See Also
    --------
    BruteForceIndex : Exact search, the default of NeighborRetriever.
    FaissIVFIndex : Faster to build.

    Notes
    -----
    It requires the extra `retrieval` (faiss-cpu). With several threads, repeated builds
    give different graphs and may find different neighbours.

    References
    ----------
    Y. Malkov, D. Yashunin, "Efficient and robust approximate nearest neighbor search
    using hierarchical navigable small world graphs", IEEE TPAMI 42(4), 2020.

    Examples
    --------
    >>> from sklearn_mtl.neighbors import FaissHNSWIndex, NeighborRetriever
    >>> from sklearn.decomposition import PCA
    >>> retriever = NeighborRetriever(PCA(16), index=FaissHNSWIndex(n_links=16))
    >>> retriever.get_params()["index__n_links"]
    16
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **BaseFaissIndex._parameter_constraints,
        "n_links": [Interval(Integral, 2, None, closed="left")],
        "build_breadth": [Interval(Integral, 1, None, closed="left")],
    }

    def __init__(
        self,
        n_neighbors: int = 10,
        *,
        target_recall: float = 0.99,
        n_links: int = 32,
        build_breadth: int = 80,
    ) -> None:
        self.n_neighbors = n_neighbors
        self.target_recall = target_recall
        self.n_links = n_links
        self.build_breadth = build_breadth

    def _build(self, rows: np.ndarray, faiss: Any) -> Any:
        index = faiss.IndexHNSWFlat(rows.shape[1], int(self.n_links))
        index.hnsw.efConstruction = int(self.build_breadth)
        index.add(rows)
        return index

    def _breadths(self, n_items: int) -> list[int]:
        return [2**p for p in range(5, 13)]

    def _set_breadth(self, breadth: int) -> None:
        self._index.hnsw.efSearch = breadth
