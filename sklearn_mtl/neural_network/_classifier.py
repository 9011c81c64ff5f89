"""The multi-task classifier."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from sklearn.base import ClassifierMixin
from sklearn.utils import Tags

from sklearn_mtl.neural_network._base import BaseMultiTaskNet
from sklearn_mtl.neural_network._parameters import CONSTRAINTS, with_shared_parameters
from sklearn_mtl.tasks import CLASS_WEIGHT, ClassOutputsMixin

__all__ = ["MultiTaskClassifier"]


@with_shared_parameters
class MultiTaskClassifier(ClassOutputsMixin, ClassifierMixin, BaseMultiTaskNet):
    r"""Classify several targets with one net: a shared trunk and a head for each task.

    Minimises

    .. math:: \sum_t v_t \frac{\sum_i w_{it}\, \ell(f_t(x_i), y_{it})}{\sum_i w_{it}}

    with the cross-entropy :math:`\ell`, cell weights :math:`w` that are zero where a
    label is missing, and task weights :math:`v`; or another `loss`, to which
    `shared_penalty` and `task_relation` add terms. Use it where targets are related,
    labels are missing for some of them, or classes are rare; whether sharing helps on
    your data is what :func:`sklearn_mtl.comparison.compare` tells.

    Parameters
    ----------
    {parameters}
    class_weight : None, "balanced", dict or list, default=None
        Weights of the classes: "balanced" weighs them inversely to their frequency,
        task by task; a dict {label: weight} holds for all tasks; a dict by task name or
        a list in task order holds one of these a task.

    Attributes
    ----------
    classes_ : ndarray, or list of ndarray
        Labels of the task, or of each task where y was 2-D.
    {attributes}

    See Also
    --------
    MultiTaskRegressor : For regressions.
    MultiTaskMixedEstimator : For both at once.

    Notes
    -----
    An epoch costs O(n_samples * n_members * (weights of the trunk + n_outputs *
    n_hidden)): the heads of all tasks are one matrix, and their losses one pass over
    the logits.

    References
    ----------
    R. Caruana, "Multitask Learning", Machine Learning 28, 1997.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.datasets import load_iris
    >>> from sklearn_mtl import MultiTaskClassifier
    >>> X, species = load_iris(return_X_y=True)
    >>> y = np.c_[species, X[:, 0] > 5.8].astype(float)
    >>> y[::3, 1] = np.nan  # labels may be missing
    >>> model = MultiTaskClassifier(n_members=2, random_state=0).fit(X[:, 1:], y)
    >>> [proba.shape for proba in model.predict_proba(X[:5, 1:])]
    [(5, 3), (5, 2)]
    """

    _kind = "classification"
    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **CONSTRAINTS,
        "class_weight": CLASS_WEIGHT,
    }

    def __init__(
        self,
        *,
        hidden_layer_sizes: Sequence[int] = (128, 128),
        activation: str = "gelu",
        dropout: float | str = "auto",
        trunk: Any = None,
        head: Any = "linear",
        loss: Any = "cross_entropy",
        balancing: Any = "sum",
        gramian: str = "auto",
        update_every: int | str = "auto",
        monitor: str | None = None,
        task_schedule: Any = "synchronous",
        task_relation: Any = None,
        relation_on: str = "auto",
        relation_strength: float = 0.1,
        shared_penalty: float = 0.0,
        task_weight: Any = None,
        class_weight: Any = None,
        optimizer: Any = "adamw",
        lr: float = 3e-3,
        lr_schedule: str = "cosine",
        weight_decay: float | str = "auto",
        batch_size: int | str | None = "auto",
        max_epochs: int | str = "auto",
        early_stopping: bool | str = "auto",
        validation_fraction: float = 0.15,
        n_iter_no_change: int | str = "auto",
        n_members: int | str = "auto",
        numeric_embedding: Any = "auto",
        categorical_features: Any = "from_dtype",
        on_empty_task: str = "raise",
        callbacks: list | None = None,
        device: str = "cpu",
        dtype: str = "auto",
        n_threads: int | None = 1,
        warm_start: bool = False,
        random_state: Any = None,
        verbose: int = 0,
    ) -> None:
        self.hidden_layer_sizes = hidden_layer_sizes
        self.activation = activation
        self.dropout = dropout
        self.trunk = trunk
        self.head = head
        self.loss = loss
        self.balancing = balancing
        self.gramian = gramian
        self.update_every = update_every
        self.monitor = monitor
        self.task_schedule = task_schedule
        self.task_relation = task_relation
        self.relation_on = relation_on
        self.relation_strength = relation_strength
        self.shared_penalty = shared_penalty
        self.task_weight = task_weight
        self.class_weight = class_weight
        self.optimizer = optimizer
        self.lr = lr
        self.lr_schedule = lr_schedule
        self.weight_decay = weight_decay
        self.batch_size = batch_size
        self.max_epochs = max_epochs
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.n_iter_no_change = n_iter_no_change
        self.n_members = n_members
        self.numeric_embedding = numeric_embedding
        self.categorical_features = categorical_features
        self.on_empty_task = on_empty_task
        self.callbacks = callbacks
        self.device = device
        self.dtype = dtype
        self.n_threads = n_threads
        self.warm_start = warm_start
        self.random_state = random_state
        self.verbose = verbose

    def partial_fit(
        self, X: Any, y: Any, classes: Any = None, sample_weight: Any = None
    ) -> MultiTaskClassifier:
        """Learn from some samples more.

        From the first call on: one epoch at a constant learning rate; nothing is held
        out. A thousand random samples of the stream are kept, and pickled with the
        estimator; as many of them as there are new samples are learned again in each
        call, so that the end of a sorted stream does not displace its beginning. Until
        a thousand samples have come, the net is trained anew from all of them whenever
        their number has doubled: then the scales of X and y, the categories and the
        embedding are set again, and no longer after that.

        After `fit`: one step of second order for the last layer alone, which no rate
        can make too long, while the shared representation stays as it is. No sample is
        kept.

        The first call fixes tasks, classes and columns. Class weights "balanced" count
        the labels of all calls.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            Inputs.
        y : array-like of shape (n_samples,) or (n_samples, n_tasks)
            Targets; missing labels are allowed.
        classes : array-like, list of array-like, or dict, default=None
            All labels that will ever come: an array for 1-D y, else one a task.
            Needed in the first call; later None, or the same again.
        sample_weight : array-like of shape (n_samples,) or (n_samples, n_tasks), \
                default=None
            Weights of rows or cells.

        Returns
        -------
        self : object
            The estimator.

        Raises
        ------
        TaskError
            If labels come that were not declared, or other classes than before.
        ValueError
            If X or weights are wrong, or classes are missing in the first call.
        """
        return self._partial_fit(X, y, classes, sample_weight)

    def __sklearn_tags__(self) -> Tags:
        """Declare multilabel targets."""
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags
