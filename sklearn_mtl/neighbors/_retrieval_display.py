"""Queries and what was found for them, as a grid of pictures."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from sklearn_mtl.metrics import read_labels
from sklearn_mtl.neighbors._pictures import as_pictures, draw_picture, span_of
from sklearn_mtl.utils._colors import COLORS, MISSING, load_pyplot
from sklearn_mtl.utils._index import warn_of_index_order
from sklearn_mtl.utils._typing import FeaturesLike, TargetsLike

if TYPE_CHECKING:
    from matplotlib.axes import Axes


__all__ = ["RetrievalDisplay"]

_WHO = "RetrievalDisplay"
# without black, which axes have
_FRAMES = [color for name, color in COLORS.items() if name != "black"]
_MOST_FIXED = 4  # tasks whose every kind of agreement has a frame of its own


class RetrievalDisplay:
    """Queries and their neighbours as pictures, framed by the tasks that agree.

    A row has a query and its neighbours, nearest first. The colour and the style of a
    frame say in which tasks a neighbour has the label of the query, and a legend has
    the names; with up to four tasks they are the same in all figures. All pictures
    share one scale of brightness. It is recommended to use `from_estimator` or
    `from_neighbors`.

    Parameters
    ----------
    queries : ndarray of shape (n_queries, height, width) or (..., 3)
        Pictures.
    neighbors : ndarray of shape (n_queries, n_neighbors, height, width) or (..., 3)
        Pictures of what was found.
    agrees : ndarray of shape (n_queries, n_neighbors, n_tasks), bool, default=None
        Where query and neighbour have the same label; None draws no frames.
    task_names : sequence of str, default=()
        Names of the tasks.
    distances : ndarray of shape (n_queries, n_neighbors), default=None
        Written over the pictures.

    Attributes
    ----------
    axes_ : ndarray of shape (n_queries, 1 + n_neighbors) of matplotlib Axes
        Where it was drawn, the queries first.
    figure_ : matplotlib Figure
        Their figure.

    See Also
    --------
    EmbeddingDisplay : All items at once.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from sklearn.decomposition import PCA
    >>> from sklearn_mtl.neighbors import NeighborRetriever, RetrievalDisplay
    >>> X, y = load_digits(return_X_y=True)
    >>> retriever = NeighborRetriever(PCA(16), n_neighbors=4).fit(X[10:], y[10:])
    >>> display = RetrievalDisplay.from_estimator(
    ...     retriever, X[:2], y[:2], X_gallery=X[10:]
    ... )
    >>> display.agrees.shape
    (2, 4, 1)
    """

    def __init__(
        self,
        queries: np.ndarray,
        neighbors: np.ndarray,
        *,
        agrees: np.ndarray | None = None,
        task_names: Any = (),
        distances: np.ndarray | None = None,
    ) -> None:
        self.queries = queries
        self.neighbors = neighbors
        self.agrees = agrees
        self.task_names = task_names
        self.distances = distances

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: FeaturesLike,
        y: TargetsLike | None = None,
        *,
        X_gallery: Any,
        n_neighbors: int | None = None,
        image_shape: tuple[int, ...] | None = None,
        ax: Axes | None = None,
    ) -> RetrievalDisplay:
        """Search, and draw what is found.

        Parameters
        ----------
        estimator : NeighborRetriever
            A fitted retriever.
        X : array-like of shape (n_queries, n_pixels) or (n_queries, ...)
            Queries.
        y : array-like of shape (n_queries,) or (n_queries, n_tasks), default=None
            Their labels.
        X_gallery : array-like of shape (n_items, n_pixels) or (n_items, ...)
            The pictures of the gallery, which the retriever does not keep.
        n_neighbors : int, default=None
            How many to draw; None takes the retriever's.
        image_shape : tuple of int, default=None
            (height, width), (channels, height, width) or (height, width, channels) of a
            picture; None knows those of pictures that are no flat rows, and square ones
            of one channel.
        ax : matplotlib Axes, default=None
            Where to draw; None makes a figure.

        Returns
        -------
        RetrievalDisplay
            The display, drawn.

        Raises
        ------
        ValueError
            If the pictures have no known shape, X_gallery is not the gallery, or the
            columns of a frame y are not the tasks of the gallery.
        """
        warn_of_index_order(_WHO, X=X, y=y)
        if y is not None:
            y = estimator._in_order(y)
        distances, indices = estimator.kneighbors(X, n_neighbors)
        if len(X_gallery) != len(estimator.embedding_):
            raise ValueError(
                f"{_WHO}: X_gallery has {len(X_gallery)} pictures; the gallery has "
                f"{len(estimator.embedding_)} items."
            )
        return cls.from_neighbors(
            X,
            X_gallery,
            indices,
            y,
            None if y is None else estimator.labels_,
            distances=distances,
            image_shape=image_shape,
            ax=ax,
        )

    @classmethod
    def from_neighbors(
        cls,
        X: FeaturesLike,
        X_gallery: Any,
        indices: Any,
        y: Any = None,
        y_gallery: ArrayLike | None = None,
        *,
        distances: Any = None,
        image_shape: tuple[int, ...] | None = None,
        ax: Axes | None = None,
    ) -> RetrievalDisplay:
        """Draw what was found.

        Parameters
        ----------
        X : array-like of shape (n_queries, n_pixels) or (n_queries, ...)
            Queries.
        X_gallery : array-like of shape (n_items, n_pixels) or (n_items, ...)
            The pictures of the gallery.
        indices : array-like of shape (n_queries, n_neighbors)
            Positions in the gallery; -1 where nothing was found.
        y : array-like of shape (n_queries,) or (n_queries, n_tasks), default=None
            Labels of the queries.
        y_gallery : array-like of shape (n_items,) or (n_items, n_tasks), default=None
            Labels of the gallery.
        distances : array-like of shape (n_queries, n_neighbors), default=None
            Written over the pictures.
        image_shape : tuple of int, default=None
            As in `from_estimator`.
        ax : matplotlib Axes, default=None
            Where to draw; None makes a figure.

        Returns
        -------
        RetrievalDisplay
            The display, drawn.

        Raises
        ------
        ValueError
            If the pictures have no known shape.
        """
        indices = np.asarray(indices)
        gallery = as_pictures(X_gallery, image_shape, _WHO)
        neighbors = gallery[indices]
        neighbors[indices < 0] = 0  # nothing was found: an empty picture
        agrees, names = None, []
        if y is not None and y_gallery is not None:
            labels = read_labels(y, y_gallery, _WHO)
            names = [task.name for task in labels]
            same = [
                (task.gallery[indices] == task.query[:, None])
                & (task.query >= 0)[:, None]
                & (indices >= 0)
                for task in labels
            ]
            agrees = np.stack(same, axis=2)
        return cls(
            as_pictures(X, image_shape, _WHO),
            neighbors,
            agrees=agrees,
            task_names=names,
            distances=None if distances is None else np.asarray(distances),
        ).plot(ax=ax)

    def plot(self, *, ax: Axes | None = None) -> RetrievalDisplay:
        """Draw.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw; None makes a figure.

        Returns
        -------
        RetrievalDisplay
            Itself.
        """
        n_queries, n_columns = len(self.queries), 1 + self.neighbors.shape[1]
        self.axes_ = _grid(n_queries, n_columns, ax)
        self.figure_ = self.axes_[0, 0].figure
        span = span_of(self.queries, self.neighbors)
        for q, row in enumerate(self.axes_):
            pictures = [self.queries[q], *self.neighbors[q]]
            for axis, picture in zip(row, pictures, strict=True):
                draw_picture(axis, picture, span)
            row[0].set_title("query", fontsize="x-small")
            if self.distances is not None:
                for axis, distance in zip(row[1:], self.distances[q], strict=True):
                    text = f"{distance:.{_decimals(self.distances)}f}"
                    axis.set_title(text, fontsize="x-small")
        if self.agrees is not None:
            self._frame(self.agrees, ax)
        return self

    def _frame(self, agrees: np.ndarray, ax: Axes | None) -> None:
        """Frame the neighbours by the tasks that agree, and add a legend."""
        from matplotlib.lines import Line2D

        found = [tuple(kind) for kind in agrees.reshape(-1, agrees.shape[2]).tolist()]
        styles = _frame_styles(found)
        for axis, kind in zip(self.axes_[:, 1:].flat, found, strict=True):
            for spine in axis.spines.values():
                spine.set(**styles[kind], linewidth=3)
        handles = [
            Line2D(
                [],
                [],
                linewidth=3,
                label=_name_of(kind, self.task_names),
                **styles[kind],
            )
            for kind in sorted(set(found), key=lambda kind: (-sum(kind), _place(kind)))
        ]
        place: dict[str, Any] = {"loc": "outside right upper"}
        if ax is not None:
            place = {
                "loc": "upper center",
                "bbox_to_anchor": (0.5, 0),
                "ncols": len(handles),
            }
        title = f"same {'/'.join(self.task_names)}"
        owner = self.figure_ if ax is None else ax
        owner.legend(handles=handles, title=title, frameon=False, **place)


def _frame_styles(
    found: list[tuple[bool, ...]],
) -> dict[tuple[bool, ...], dict[str, Any]]:
    """Return color and line of each kind of agreement; one task has a plain line."""
    kinds, n_tasks = set(found), len(found[0])
    if n_tasks <= _MOST_FIXED:
        kinds = set(product([False, True], repeat=n_tasks))
    some = sorted(filter(any, kinds), key=lambda kind: (sum(kind), _place(kind)))
    styles = {(False,) * n_tasks: {"color": MISSING, "linestyle": ":"}}
    for place, kind in enumerate(some):
        lap, number = divmod(place, len(_FRAMES))
        line = ("-", "--", "-.")[lap % 3]
        styles[kind] = {"color": _FRAMES[number], "linestyle": line}
    return styles


def _place(kind: tuple[bool, ...]) -> list[bool]:
    """Return what sorts kinds of agreement of as many tasks by the first of them."""
    return [not is_same for is_same in kind]


def _decimals(distances: np.ndarray) -> int:
    """Return how many decimals show three digits of the largest distance."""
    largest = np.max(distances, where=np.isfinite(distances), initial=0.0)
    return max(0, 2 - int(np.floor(np.log10(largest)))) if largest > 0 else 2


def _name_of(kind: tuple[bool, ...], task_names: Any) -> str:
    agreeing = [name for name, is_same in zip(task_names, kind, strict=True) if is_same]
    *most, last = agreeing or ["none"]
    return f"{', '.join(most)} and {last}" if most else last


def _grid(n_rows: int, n_columns: int, ax: Any) -> np.ndarray:
    """Return axes (n_rows, n_columns) in a new figure, or inside of others."""
    if ax is None:
        size = (1.1 * n_columns + 1.5, 1.2 * n_rows)
        return load_pyplot(_WHO).subplots(
            n_rows, n_columns, figsize=size, squeeze=False, layout="constrained"
        )[1]
    ax.set_axis_off()
    width, height = 1 / n_columns, 1 / n_rows
    axes = np.empty((n_rows, n_columns), dtype=object)
    for row, column in np.ndindex(n_rows, n_columns):
        place = [column * width, 1 - (row + 1) * height, 0.9 * width, 0.75 * height]
        axes[row, column] = ax.inset_axes(place)
    return axes
