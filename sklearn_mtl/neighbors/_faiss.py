"""Approximate indexes of faiss: lists around centres, and a graph of links."""

from __future__ import annotations

import math
from numbers import Integral
from typing import Any, ClassVar

import numpy as np

from sklearn_mtl.neighbors._base_faiss import BaseFaissIndex
from sklearn_mtl.utils._private import Interval

__all__ = ["FaissHNSWIndex", "FaissIVFIndex"]


class FaissIVFIndex(BaseFaissIndex):
    """Look only into the lists whose centres are nearest to the query.

    k-means divides the items into lists; a query is compared with the items of the
    `breadth_` nearest of them. Distances are Euclidean; of rows of norm 1, which
    NeighborRetriever gives for "cosine", the order is that of the cosines.

    Quick to build; of the two the better one where memory is short, items are added in
    great numbers or each index answers few queries.

    Parameters
    ----------
    n_neighbors : int, default=10
        How many neighbours `kneighbors` returns.
    target_recall : float, default=0.99
        Share of the true ten nearest that must be found; the breadth is doubled until
        it is, with something to spare, for items that are not in the index yet.
    n_lists : int, default=None
        Number of lists; None is 4 sqrt(n_items), or less for small galleries.

    Attributes
    ----------
    recall_ : float
        Recall@10 of up to 200 items that were asked before they were in the index, and
        did not choose the breadth; an item as near as the tenth counts as found.
    breadth_ : int
        How many lists a query looks into.
    build_seconds_ : float
        What building and measuring took.
    break_even_ : float
        After how many queries exact search would have taken longer, build included;
        infinite if never.
    n_features_in_ : int
        Number of features.

    See Also
    --------
    BruteForceIndex : Exact, and the default of NeighborRetriever.

    Notes
    -----
    Needs the extra `retrieval` (faiss-cpu). On macOS faiss and PyTorch both bring an
    OpenMP runtime, and loading the two may end the process.

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
        # k-means wants 39 items a list, and complains of fewer
        most = max(1, n_items // 39)
        n_lists = min(self.n_lists or int(4 * math.sqrt(n_items)), most)
        centres = faiss.IndexFlatL2(n_features)
        index = faiss.IndexIVFFlat(centres, n_features, n_lists)
        index.cp.min_points_per_centroid = 1  # of tiny galleries it would complain
        index.train(rows)
        index.add(rows)
        return index

    def _breadths(self, n_items: int) -> list[int]:
        n_lists = self._index.nlist
        return [*(2**p for p in range(3, 30) if 2**p < n_lists), n_lists]

    def _set_breadth(self, breadth: int) -> None:
        self._index.nprobe = breadth


class FaissHNSWIndex(BaseFaissIndex):
    """Walk along the links of a graph towards the query.

    Each item is linked to its near neighbours, in layers from coarse to fine; a query
    walks towards its own neighbours and keeps the `breadth_` best it has met. Distances
    are Euclidean; of rows of norm 1, which NeighborRetriever gives for "cosine", the
    order is that of the cosines.

    Slow to build, and the fastest for great numbers of queries.

    Parameters
    ----------
    n_neighbors : int, default=10
        How many neighbours `kneighbors` returns.
    target_recall : float, default=0.99
        Share of the true ten nearest that must be found; the breadth is doubled until
        it is, with something to spare, for items that are not in the index yet.
    n_links : int, default=32
        Links of an item; more need memory and find more.
    build_breadth : int, default=80
        Breadth of the searches that place the links.

    Attributes
    ----------
    recall_ : float
        Recall@10 of up to 200 items that were asked before they were in the index, and
        did not choose the breadth; an item as near as the tenth counts as found.
    breadth_ : int
        How many candidates a walk keeps.
    build_seconds_ : float
        What building and measuring took.
    break_even_ : float
        After how many queries exact search would have taken longer, build included;
        infinite if never.
    n_features_in_ : int
        Number of features.

    See Also
    --------
    BruteForceIndex : Exact, and the default of NeighborRetriever.
    FaissIVFIndex : Quicker to build.

    Notes
    -----
    Needs the extra `retrieval` (faiss-cpu). With several threads the graph, and with it
    what is missed, differs from build to build.

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
