"""Retrieval of nearest neighbours with the representation of a model."""

from __future__ import annotations

import copy
from numbers import Integral
from typing import Any, ClassVar

import numpy as np
from sklearn import get_config
from sklearn.base import (
    ClassNamePrefixFeaturesOutMixin,
    MetaEstimatorMixin,
    TransformerMixin,
    clone,
)
from sklearn.utils import Tags, get_tags
from sklearn.utils.metadata_routing import (
    MetadataRouter,
    MethodMapping,
    process_routing,
)
from sklearn.utils.validation import check_is_fitted

from sklearn_mtl.neighbors._brute_force import BruteForceIndex
from sklearn_mtl.neighbors._gallery import join_labels, take_labels, task_names
from sklearn_mtl.neighbors._gallery_search import GallerySearchMixin
from sklearn_mtl.neighbors._gallery_state import GalleryState
from sklearn_mtl.neighbors._views import Mix
from sklearn_mtl.tasks import as_targets
from sklearn_mtl.utils._features import check_features, record_features
from sklearn_mtl.utils._fit import fit_context
from sklearn_mtl.utils._index import warn_of_index_order
from sklearn_mtl.utils._pipelines import last_step
from sklearn_mtl.utils._private import (
    HasMethods,
    Interval,
    StrOptions,
)
from sklearn_mtl.utils._table import drop_weightless
from sklearn_mtl.utils._typing import Estimator, FeaturesLike, TargetsLike

__all__ = ["NeighborRetriever"]

_WHO = "NeighborRetriever"


class NeighborRetriever(
    GallerySearchMixin,
    ClassNamePrefixFeaturesOutMixin,
    MetaEstimatorMixin,
    TransformerMixin,
    GalleryState,
):
    """Find the items of a gallery that are nearest in a learned representation.

    A clone of the estimator is fitted to the gallery. The gallery is then searched in
    the shared representation of all tasks, the view of one task, or a mix of views. For
    a mix with the weights w_t, the distance between a query and an item is 1 - sum_t
    w_t cos_t / W, where cos_t is the cosine of their views of task t and W is the sum
    of abs(w_t).

    Use the view of a single task if the tasks are unrelated: the shared representation
    contains the information of all tasks, and the part of the other tasks acts as
    noise.

    Parameters
    ----------
    estimator : transformer
        Any scikit-learn transformer or pipeline of transformers. To search by task, it
        must have `transform_task`, like MultiTaskClassifier. Wrap a fitted estimator in
        a FrozenEstimator to use it without fitting it again.
    index : object with fit and kneighbors, default=None
        Index that performs the search; a copy of it is fitted to the embeddings. For
        "cosine" the embeddings have norm 1, so that Euclidean distance, cosine distance
        and inner product give the same order. None uses the exact BruteForceIndex.
    n_neighbors : int, default=10
        Default number of neighbours of a search.
    metric : {"cosine", "euclidean"}, default="cosine"
        Metric of the returned distances, regardless of the metric of the index.
    task : str or int, default=None
        Task whose view is searched; None searches the shared representation. The
        projection of a regression or binary task has one column, so its cosine only
        compares signs: set metric="euclidean" for a regression task.
    task_mix : dict, default=None
        Weights of the views of several tasks. `{"digit": 1}` searches for the same
        digit and ignores the garment; `{"digit": 1, "garment": -0.3}` searches for the
        same digit and favours other garments. A weight of 0 omits a view. The key None
        is the shared representation.
    view : {"projection", "input", "probability"}, default="projection"
        Kind of view of a task, as in `transform_task`. "probability" works best for the
        classes of the training set, but cannot distinguish other classes.

    Attributes
    ----------
    estimator_ : transformer
        Fitted estimator.
    index_ : object
        Fitted index.
    embedding_ : ndarray of shape (n_items, n_columns), float32 or float64
        Embeddings of the items, in the precision of the output of the estimator.
    labels_ : ndarray of shape (n_items,) or (n_items, n_tasks), or None
        Labels of the items, passed as y to `fit` and `add`.
    n_features_in_ : int
        Number of features seen in fit.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the features, if all names of X are strings.

    See Also
    --------
    sklearn_mtl.metrics.retrieval_report : Metrics of retrieval for each task.
    RetrievalDisplay : Plot queries and their neighbours.

    Notes
    -----
    The retriever stores the embeddings once. An index may store a second copy:
    BruteForceIndex does so in float64. Items are identified by their index in the
    gallery, which decreases when items before them are removed.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from sklearn.decomposition import PCA
    >>> from sklearn_mtl.neighbors import NeighborRetriever
    >>> X, y = load_digits(return_X_y=True)
    >>> retriever = NeighborRetriever(PCA(16), n_neighbors=3).fit(X[10:], y[10:])
    >>> labels, distances = retriever.retrieve(X[:2])
    >>> labels
    array([[0, 0, 0],
           [1, 1, 1]])
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "estimator": [HasMethods(["fit", "transform"])],
        "index": [HasMethods(["fit", "kneighbors"]), None],
        "n_neighbors": [Interval(Integral, 1, None, closed="left")],
        "metric": [StrOptions({"cosine", "euclidean"})],
        "task": [str, Integral, tuple, None],
        "task_mix": [dict, None],
        "view": [StrOptions({"projection", "input", "probability"})],
    }

    def __init__(
        self,
        estimator: Estimator,
        index: Any = None,
        n_neighbors: int = 10,
        metric: str = "cosine",
        task: str | int | None = None,
        task_mix: dict | None = None,
        view: str = "projection",
    ) -> None:
        self.estimator = estimator
        self.index = index
        self.n_neighbors = n_neighbors
        self.metric = metric
        self.task = task
        self.task_mix = task_mix
        self.view = view

    @fit_context(prefer_skip_nested_validation=False)
    def fit(
        self, X: FeaturesLike, y: TargetsLike | None = None, **fit_params: Any
    ) -> NeighborRetriever:
        """Fit the estimator to a gallery and index the gallery.

        Parameters
        ----------
        X : array-like of shape (n_items, n_features)
            Items of the gallery, in any form that the estimator accepts.
        y : array-like of shape (n_items,) or (n_items, n_tasks), default=None
            Labels, for the estimator and for `retrieve`.
        **fit_params : dict
            Arguments of the fit of the estimator, such as groups. With metadata
            routing, only the requested ones are passed. Labels whose `sample_weight` is
            0 are missing labels, also in the gallery.

        Returns
        -------
        self : object
            The fitted retriever.

        Raises
        ------
        ValueError
            If task and task_mix are both set, or the weights of task_mix are invalid.
        TypeError
            If the view of a task is searched and the estimator has no `transform_task`,
            or if the estimator returns sparse matrices.
        """
        mix = Mix.read(self.task, self.task_mix, self.view, self.metric, _WHO)
        X = record_features(self, X)
        y = as_targets(y, _WHO)
        warn_of_index_order(_WHO, X=X, y=y)
        is_routed = get_config()["enable_metadata_routing"]
        prefix = "" if is_routed else last_step(self.estimator)[0]
        weight = fit_params.get(f"{prefix}sample_weight")
        if is_routed:
            fit_params = process_routing(self, "fit", **fit_params).estimator.fit
        observed: Any = None if y is None else drop_weightless(y, weight, _WHO)
        estimator = clone(self.estimator).fit(X, y, **fit_params)
        rows, signs = mix.rows(estimator, X, _WHO)
        labels = None
        if y is not None:
            shape = take_labels(y, len(rows), _WHO).shape
            labels = take_labels(observed, len(rows), _WHO).reshape(shape)
        self.estimator_, self._mix = estimator, mix
        self._task_names = None if y is None else task_names(y)
        self._signs = signs if (signs < 0).any() else None
        self._n_features_out = rows.shape[1]
        self._keep(rows, labels)
        return self

    def get_metadata_routing(self) -> MetadataRouter:
        """Return the metadata routing of this retriever.

        Returns
        -------
        MetadataRouter
            Router that passes metadata of fit to the fit of the estimator.
        """
        mapping = MethodMapping().add(caller="fit", callee="fit")
        router = MetadataRouter(owner=self)
        return router.add(estimator=self.estimator, method_mapping=mapping)

    def transform(self, X: FeaturesLike) -> np.ndarray:
        """Return the embeddings in which items are searched.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Input data of the estimator.

        Returns
        -------
        ndarray of shape (n_samples, n_columns), float32 or float64
            Concatenated views, scaled to norm 1 for "cosine".
        """
        return self._item_rows(X)

    def add(self, X: FeaturesLike, y: TargetsLike | None = None) -> NeighborRetriever:
        """Append items to the gallery without fitting the estimator again.

        Parameters
        ----------
        X : array-like of shape (n_new, n_features)
            New items.
        y : array-like of shape (n_new,) or (n_new, n_tasks), default=None
            Labels of the new items; required if and only if the gallery has labels.

        Returns
        -------
        self : object
            The retriever.

        Raises
        ------
        ValueError
            If only one of gallery and new items has labels, or their labels differ in
            shape, type or tasks.
        """
        rows = self.transform(X)
        if (y is None) != (self.labels_ is None):
            raise ValueError(
                f"{_WHO}: the gallery has {'no ' if self.labels_ is None else ''}"
                f"labels, so y must {'not ' if self.labels_ is None else ''}be "
                "passed to add."
            )
        labels = None
        if self.labels_ is not None:
            warn_of_index_order(_WHO, X=X, y=y)
            new = take_labels(self._in_order(y), len(rows), _WHO)
            labels = join_labels(self.labels_, new, _WHO)
        joined = np.concatenate([self.embedding_, rows])
        self._keep(joined, labels, added=rows)
        return self

    def remove(self, indices: Any) -> NeighborRetriever:
        """Remove items; later items get smaller indices, as in `numpy.delete`.

        Parameters
        ----------
        indices : int or array-like of int
            Indices of the items in the gallery.

        Returns
        -------
        self : object
            The retriever.

        Raises
        ------
        IndexError
            If an index is not in the gallery.
        ValueError
            If no item would remain.
        """
        check_is_fitted(self)
        left = np.delete(np.arange(len(self.embedding_)), indices)
        if not len(left):
            raise ValueError(
                f"{_WHO}: all {len(self.embedding_)} items would be removed; a gallery "
                "must keep at least one."
            )
        self._keep(
            self.embedding_[left], None if self.labels_ is None else self.labels_[left]
        )
        return self

    def _item_rows(self, X: FeaturesLike) -> np.ndarray:
        check_is_fitted(self)
        X = check_features(self, X)
        return self._mix.rows(self.estimator_, X, _WHO)[0]

    def _keep(
        self,
        rows: np.ndarray,
        labels: np.ndarray | None,
        added: np.ndarray | None = None,
    ) -> None:
        """Store the gallery, and index it or append new rows to the index."""
        if added is not None and hasattr(self.index_, "add"):
            self.index_.add(added)
        else:
            # clone only accepts estimators
            is_estimator = hasattr(self.index, "get_params")
            index = clone(self.index) if is_estimator else copy.deepcopy(self.index)
            if index is None:
                index = BruteForceIndex(metric=self.metric)
            index.fit(rows)
            self.index_ = index
        self.embedding_, self.labels_ = rows, labels

    def __sklearn_is_fitted__(self) -> bool:
        """Return whether there is a gallery."""
        return hasattr(self, "embedding_")

    def __sklearn_tags__(self) -> Tags:
        """Declare the inputs that the estimator accepts."""
        tags = super().__sklearn_tags__()
        inner = get_tags(self.estimator)
        tags.input_tags = copy.copy(inner.input_tags)
        # other estimators may return NaN, which the representation must not contain
        has_views = hasattr(self.estimator, "transform_task")
        tags.input_tags.allow_nan = inner.input_tags.allow_nan and has_views
        tags.target_tags.required = inner.target_tags.required
        tags.transformer_tags.preserves_dtype = []
        return tags
