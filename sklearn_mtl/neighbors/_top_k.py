"""The best k of many inner products, exactly and without holding them all."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from sklearn_mtl.utils._memory import keep_memory

__all__ = ["sort_found", "top_k"]

# Products that are looked at together: 1 MiB of float32, which comparing them with the
# bar finds in the cache.
TILE = 2**18
# Queries of a tile, where that many are asked: fewer, and the product reads the gallery
# too often; more, and a tile has too few columns.
N_QUERIES = 256
# Keys of eight bytes that a dense tile holds.
DENSE_TILE = 2**22
# Above this share of candidates, the whole tile in float64 is cheaper than each of them
# on its own.
SPARSE = 0.03
_WORST = np.uint64(2**64 - 1)


def top_k(
    queries: np.ndarray,
    gallery: np.ndarray,
    k: int,
    *,
    longest: float,
    offset: np.ndarray | None = None,
    shift: np.ndarray | None = None,
    chunk_size: int | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Return the k largest scores of every query, ties by index.

    The score of query q and item j is q · g_j - offset_j - shift_q, computed in float64
    and rounded to float32. A product in float32 says which items may be among the best;
    its last bits depend on the shape of the blocks, so only its candidates, taken with
    a margin, get a score, each on its own. The result does not depend on chunk_size,
    nor on the queries asked at the same time.

    Parameters
    ----------
    queries : ndarray of shape (n_queries, n_features), float32
        Rows to look for.
    gallery : ndarray of shape (n_items, n_features), float32
        Rows to look among; fewer than 2**32.
    k : int
        How many; at most n_items.
    longest : float
        Norm of the longest row of the gallery.
    offset : ndarray of shape (n_items,), float64, default=None
        What is taken from the products of an item.
    shift : ndarray of shape (n_queries,), float64, default=None
        What is taken from the products of a query, before they are rounded.
    chunk_size : int, default=None
        Items that are compared at a time; None takes what fits the cache.

    Returns
    -------
    scores : ndarray of shape (n_queries, k), float32
        In falling order.
    indices : ndarray of shape (n_queries, k), int64
        Their items.
    """
    keep_memory()
    n_queries, n_items = len(queries), len(gallery)
    width = _tile_width(n_queries, n_items, k, chunk_size)
    n_rows = max(1, min(N_QUERIES, DENSE_TILE // (width + k)))
    # how far a product in float32 may be off, for a query of norm 1
    slack = (gallery.shape[1] + 4) * 2.0**-23 * longest
    rounding = 0.0 if offset is None else 2.0**-22 * float(np.abs(offset).max())
    scores = np.empty((n_queries, k), np.float32)
    indices = np.empty((n_queries, k), np.int64)
    for start in range(0, n_queries, n_rows):
        block = slice(start, start + n_rows)
        best = _Best(
            queries[block], gallery, offset, None if shift is None else shift[block], k
        )
        margin = slack * np.linalg.norm(queries[block], axis=1) + rounding
        for tile in _tiles(n_items, width):
            best.look_at(tile, margin)
        scores[block], indices[block] = _open(best.sorted_keys())
    return scores, indices


def sort_found(distances: np.ndarray, indices: np.ndarray) -> None:
    """Sort what was found by distance, and equals by position; overwrites both.

    Parameters
    ----------
    distances : ndarray of shape (n_queries, k), float32
        At least 0.
    indices : ndarray of shape (n_queries, k), int64
        Positions; -1, at an infinite distance, where nothing was found.
    """
    step = max(1, TILE // distances.shape[1])
    for start in range(0, len(distances), step):
        block = slice(start, start + step)
        keys = _key(-distances[block], indices[block].astype(np.uint32))
        keys.sort(axis=1)
        scores, ordered = _open(keys)
        distances[block] = np.abs(scores)
        indices[block] = np.where(ordered == 2**32 - 1, -1, ordered)


def _tile_width(n_queries: int, n_items: int, k: int, chunk_size: int | None) -> int:
    if 32 * k > n_items:  # most tiles would be dense: one pass over all is cheaper
        return n_items
    fitting = TILE // max(1, min(N_QUERIES, n_queries))
    return min(n_items, max(chunk_size or fitting, 4 * k))


def _tiles(n_items: int, width: int) -> Iterator[slice]:
    for start in range(0, n_items, width):
        yield slice(start, min(start + width, n_items))


class _Best:
    """The best k items seen so far of a block of queries.

    They are kept as keys, score and index in one integer whose order is theirs: best
    score first, and the smaller index among equals.
    """

    def __init__(
        self,
        queries: np.ndarray,
        gallery: np.ndarray,
        offset: np.ndarray | None,
        shift: np.ndarray | None,
        k: int,
    ) -> None:
        self.queries, self.gallery, self.k = queries, gallery, k
        self.offset, self.shift = offset, shift
        self.exact = queries.astype(np.float64)
        self.keys = np.full((len(queries), k), _WORST)
        self.worst: np.ndarray | None = None  # scores of the last, once k were seen
        self.waiting: list[tuple[np.ndarray, np.ndarray]] = []
        self.n_waiting = 0

    def look_at(self, tile: slice, margin: np.ndarray) -> None:
        """Take from a tile of the gallery what is better."""
        if self.worst is None:
            self._take_all(tile)
            return
        products = self.queries @ self.gallery[tile].T
        if self.offset is not None:
            products -= self.offset[tile].astype(np.float32)
        lowest = self.worst - margin
        if self.shift is not None:
            lowest += self.shift
        bar = lowest.astype(np.float32)
        # rounding to float32 must not lift the bar
        found = np.flatnonzero(products >= np.nextafter(bar, -np.inf)[:, None])
        if len(found) > SPARSE * products.size:
            self._take_all(tile)
        elif len(found):
            rows, columns = np.divmod(found, products.shape[1])
            self._wait(rows, columns + tile.start)

    def sorted_keys(self) -> np.ndarray:
        """Return the keys of the best, in order."""
        self._merge()
        return np.sort(self.keys, axis=1)

    def _wait(self, rows: np.ndarray, items: np.ndarray) -> None:
        """Keep candidates until there are enough to be worth a merge."""
        self.waiting.append((rows, items))
        self.n_waiting += len(rows)
        if self.n_waiting > self.keys.size:
            self._merge()

    def _merge(self) -> None:
        """Let the waiting candidates compete with the best."""
        if not self.waiting:
            return
        rows, items = map(np.concatenate, zip(*self.waiting, strict=True))
        self.waiting, self.n_waiting = [], 0
        keys = self._score(rows, items)
        # of small integers a stable sort is a radix sort
        order = np.argsort(rows.astype(np.uint16), kind="stable")
        n_new = np.bincount(rows, minlength=len(self.keys))
        starts = np.repeat(np.cumsum(n_new) - n_new, n_new)
        table = np.full((len(self.keys), self.k + n_new.max()), _WORST)
        table[:, : self.k] = self.keys
        table[rows[order], self.k + np.arange(len(rows)) - starts] = keys[order]
        self._keep(table)

    def _score(self, rows: np.ndarray, items: np.ndarray) -> np.ndarray:
        """Return the keys of pairs, each computed on its own."""
        scores = np.empty(len(rows))
        step = max(1, TILE // self.queries.shape[1])
        for start in range(0, len(rows), step):
            part = slice(start, start + step)
            right = self.gallery[items[part]].astype(np.float64)
            scores[part] = np.einsum("ij,ij->i", self.exact[rows[part]], right)
        if self.offset is not None:
            scores -= self.offset[items]
        if self.shift is not None:
            scores -= self.shift[rows]
        return _key(scores, items)

    def _take_all(self, tile: slice) -> None:
        """Give every item of a tile its score."""
        self._merge()
        width = tile.stop - tile.start
        keys = np.empty((len(self.keys), self.k + width), np.uint64)
        keys[:, : self.k] = self.keys
        step = TILE // N_QUERIES
        for start in range(tile.start, tile.stop, step):
            part = slice(start, min(start + step, tile.stop))
            scores = self.exact @ self.gallery[part].T.astype(np.float64)
            if self.offset is not None:
                scores -= self.offset[part]
            if self.shift is not None:
                scores -= self.shift[:, None]
            at = self.k + start - tile.start
            items = np.arange(part.start, part.stop)
            keys[:, at : at + len(items)] = _key(scores, items)
        self._keep(keys)

    def _keep(self, keys: np.ndarray) -> None:
        """Keep the best k of each row; overwrites what it gets."""
        keys.partition(self.k - 1, axis=1)
        self.keys = keys[:, : self.k].copy()
        self.worst = _open(self.keys.max(axis=1))[0].astype(np.float64)


def _key(scores: np.ndarray, items: np.ndarray) -> np.ndarray:
    """Return integers that sort by falling float32 score and rising index."""
    bits = (scores.astype(np.float32) + np.float32(0)).view(np.int32)  # -0 is 0
    # of negative numbers, those nearer to 0 have the smaller bits
    rising = np.where(bits < 0, ~bits, bits | np.int32(-(2**31))).view(np.uint32)
    return (~rising).astype(np.uint64) << np.uint64(32) | items.astype(np.uint64)


def _open(keys: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return scores and items of keys."""
    rising = ~(keys >> np.uint64(32)).astype(np.uint32)
    bits = np.where(rising >> 31, rising ^ np.uint32(2**31), ~rising)
    scores = bits.astype(np.uint32).view(np.float32)
    return scores, (keys & np.uint64(2**32 - 1)).astype(np.int64)
