"""Plot of image queries and their neighbours."""

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
# without black, the default colour of axes
_FRAMES = [color for name, color in COLORS.items() if name != "black"]
_MOST_FIXED = 4  # up to this number of tasks, each combination has a fixed frame style


class RetrievalDisplay:
    """Grid of query images and their neighbours, with frames for equal labels.

    Each row shows a query and its neighbours by increasing distance. The colour and the
    line style of a frame show in which tasks the neighbour has the label of the query,
    as the legend explains. With up to four tasks, the styles are the same in all
    figures. All images have the same colour range. It is recommended to use
    `from_estimator` or `from_neighbors`.

    Parameters
    ----------
    queries : ndarray of shape (n_queries, height, width) or (..., 3)
        Images of the queries.
    neighbors : ndarray of shape (n_queries, n_neighbors, height, width) or (..., 3)
        Images of the neighbours.
    agrees : ndarray of shape (n_queries, n_neighbors, n_tasks), bool, default=None
        Whether query and neighbour have the same label; None draws no frames.
    task_names : sequence of str, default=()
        Names of the tasks.
    distances : ndarray of shape (n_queries, n_neighbors), default=None
        Distances, which are written above the images.

    Attributes
    ----------
    axes_ : ndarray of shape (n_queries, 1 + n_neighbors) of matplotlib Axes
        Axes of the images, with the queries in the first column.
    figure_ : matplotlib Figure
        Figure of the plot.

    See Also
    --------
    EmbeddingDisplay : Plot of all items of a gallery.

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
        """Search for the neighbours of queries and plot them.

        Parameters
        ----------
        estimator : NeighborRetriever
            Fitted retriever.
        X : array-like of shape (n_queries, n_pixels) or (n_queries, ...)
            Queries.
        y : array-like of shape (n_queries,) or (n_queries, n_tasks), default=None
            Labels of the queries.
        X_gallery : array-like of shape (n_items, n_pixels) or (n_items, ...)
            Images of the gallery, which the retriever does not store.
        n_neighbors : int, default=None
            Number of neighbours to draw; None uses the parameter of the retriever.
        image_shape : tuple of int, default=None
            Shape of an image: (height, width), (channels, height, width) or (height,
            width, channels). None uses the shape of the samples, and assumes square
            images with one channel if the samples are vectors.
        ax : matplotlib Axes, default=None
            Axes to draw on; None creates a figure.

        Returns
        -------
        RetrievalDisplay
            The display after plotting.

        Raises
        ------
        ValueError
            If the shape of the images is unknown, or X_gallery and the gallery differ
            in length.
        TaskError
            If y is a DataFrame whose columns are not the tasks of the gallery.
        """
        warn_of_index_order(_WHO, X=X, y=y)
        if y is not None:
            y = estimator._in_order(y)
        distances, indices = estimator.kneighbors(X, n_neighbors)
        if len(X_gallery) != len(estimator.embedding_):
            raise ValueError(
                f"{_WHO}: X_gallery has {len(X_gallery)} images; the gallery has "
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
        """Plot queries and given neighbours.

        Parameters
        ----------
        X : array-like of shape (n_queries, n_pixels) or (n_queries, ...)
            Queries.
        X_gallery : array-like of shape (n_items, n_pixels) or (n_items, ...)
            Images of the gallery.
        indices : array-like of shape (n_queries, n_neighbors)
            Indices of the neighbours in the gallery; -1 where no item was found.
        y : array-like of shape (n_queries,) or (n_queries, n_tasks), default=None
            Labels of the queries.
        y_gallery : array-like of shape (n_items,) or (n_items, n_tasks), default=None
            Labels of the gallery.
        distances : array-like of shape (n_queries, n_neighbors), default=None
            Distances, which are written above the images.
        image_shape : tuple of int, default=None
            Shape of an image, as in `from_estimator`.
        ax : matplotlib Axes, default=None
            Axes to draw on; None creates a figure.

        Returns
        -------
        RetrievalDisplay
            The display after plotting.

        Raises
        ------
        ValueError
            If the shape of the images is unknown.
        """
        indices = np.asarray(indices)
        gallery = as_pictures(X_gallery, image_shape, _WHO)
        neighbors = gallery[indices]
        neighbors[indices < 0] = 0  # empty image where no item was found
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
        """Draw the grid of images.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to draw on; None creates a figure.

        Returns
        -------
        RetrievalDisplay
            The display itself.
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
        """Frame the neighbours by the tasks with equal labels and add a legend."""
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
    """Return the colour and line style of each combination of agreeing tasks."""
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
    """Return a sort key that orders combinations by their first agreeing tasks."""
    return [not is_same for is_same in kind]


def _decimals(distances: np.ndarray) -> int:
    """Return the number of decimals for three digits of the largest distance."""
    largest = np.max(distances, where=np.isfinite(distances), initial=0.0)
    return max(0, 2 - int(np.floor(np.log10(largest)))) if largest > 0 else 2


def _name_of(kind: tuple[bool, ...], task_names: Any) -> str:
    agreeing = [name for name, is_same in zip(task_names, kind, strict=True) if is_same]
    *most, last = agreeing or ["none"]
    return f"{', '.join(most)} and {last}" if most else last


def _grid(n_rows: int, n_columns: int, ax: Any) -> np.ndarray:
    """Return axes (n_rows, n_columns) in a new figure or inside of `ax`."""
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
