"""The net for classes and numbers at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from sklearn.utils import ClassifierTags, RegressorTags, Tags

from sklearn_mtl.neural_network._base import BaseMultiTaskNet
from sklearn_mtl.neural_network._parameters import CONSTRAINTS, with_shared_parameters
from sklearn_mtl.tasks import CLASS_WEIGHT, ClassOutputsMixin

__all__ = ["MultiTaskMixedEstimator"]


@with_shared_parameters
class MultiTaskMixedEstimator(ClassOutputsMixin, BaseMultiTaskNet):
    r"""Learn classifications and regressions with one net.

    Minimises

    .. math:: \sum_t v_t \frac{\sum_i w_{it}\, \ell_t(f_t(x_i), y_{it})}{\sum_i w_{it}}

    with cross-entropy for a classification and the squared error of a standardised
    target for a regression, cell weights :math:`w` that are zero where a label is
    missing, and task weights :math:`v`; or other losses, to which `shared_penalty` and
    `task_relation` add terms. What each task is gets inferred: strings, booleans,
    categories, and whole numbers with at most 20 values are classes.

    Parameters
    ----------
    task_types : str, sequence or dict, default=None
        Overrides the inference: "classification" (or "binary", "multiclass") or
        "regression", for all tasks, in order, or by name. A `TaskTypeWarning` names a
        task whose type a few labels decide.
    {parameters}
    class_weight : None, "balanced", dict or list, default=None
        Weights of the classes: "balanced" weighs them inversely to their frequency,
        task by task; a dict {label: weight} holds for all tasks; a dict by task name or
        a list in task order holds one of these a task.
    clip_predictions : bool, default=True
        Whether predictions of a regression stay within the range of its labels.

    Attributes
    ----------
    classes_ : ndarray or None, or list of them
        Labels of each task, None for a regression.
    {attributes}

    See Also
    --------
    MultiTaskClassifier : Where all tasks are classifications.
    MultiTaskRegressor : Where all tasks are regressions.

    References
    ----------
    R. Caruana, "Multitask Learning", Machine Learning 28, 1997.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.datasets import load_iris
    >>> from sklearn_mtl import MultiTaskMixedEstimator
    >>> X, species = load_iris(return_X_y=True)
    >>> y = np.c_[species, X[:, 0]]
    >>> model = MultiTaskMixedEstimator(n_members=2, random_state=0).fit(X[:, 1:], y)
    >>> model.task_set_.kinds
    ['multiclass', 'regression']
    """

    _kind = "mixed"
    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **CONSTRAINTS,
        "task_types": [str, dict, "array-like", None],
        "class_weight": CLASS_WEIGHT,
        "clip_predictions": ["boolean"],
    }

    def __init__(
        self,
        *,
        task_types: Any = None,
        hidden_layer_sizes: Sequence[int] = (128, 128),
        activation: str = "gelu",
        dropout: float | str = "auto",
        trunk: Any = None,
        head: Any = "linear",
        loss: Any = "auto",
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
        clip_predictions: bool = True,
        on_empty_task: str = "raise",
        callbacks: list | None = None,
        device: str = "cpu",
        dtype: str = "auto",
        n_threads: int | None = 1,
        warm_start: bool = False,
        random_state: Any = None,
        verbose: int = 0,
    ) -> None:
        self.task_types = task_types
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
        self.clip_predictions = clip_predictions
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
    ) -> MultiTaskMixedEstimator:
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
            All labels that will ever come, one entry a task, None for a regression;
            None means `task_types`, or infers the tasks from the labels of the first
            call. Later None, or the same again.
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
            If labels come that were not declared, or other classes than before; or if
            a regression has no label in the first call and `on_empty_task` is "raise".
        ValueError
            If X or weights are wrong.
        """
        return self._partial_fit(X, y, classes, sample_weight)

    def __sklearn_tags__(self) -> Tags:
        """Keep what a classifier and a regressor declare, without being either."""
        tags = super().__sklearn_tags__()
        tags.classifier_tags = ClassifierTags(multi_label=True)
        tags.regressor_tags = RegressorTags()
        return tags
