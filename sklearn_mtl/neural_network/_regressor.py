"""The multi-task regressor."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from sklearn.base import RegressorMixin

from sklearn_mtl.neural_network._base import BaseMultiTaskNet
from sklearn_mtl.neural_network._parameters import CONSTRAINTS, with_shared_parameters
from sklearn_mtl.tasks import MultiTaskOutputsMixin

__all__ = ["MultiTaskRegressor"]


@with_shared_parameters
class MultiTaskRegressor(MultiTaskOutputsMixin, RegressorMixin, BaseMultiTaskNet):
    r"""Predict several numbers with one net: a shared trunk and a head for each task.

    Minimises

    .. math:: \sum_t v_t \frac{\sum_i w_{it}\, (f_t(x_i) - y_{it})^2}{\sum_i w_{it}}

    with every target standardised, cell weights :math:`w` that are zero where a label
    is missing, and task weights :math:`v`; or another `loss`, to which
    `shared_penalty` and `task_relation` add terms.

    Parameters
    ----------
    {parameters}
    clip_predictions : bool, default=True
        Whether predictions of a regression stay within the range of its labels.

    Attributes
    ----------
    {attributes}

    See Also
    --------
    MultiTaskClassifier : For classes.
    MultiTaskMixedEstimator : For both at once.

    References
    ----------
    R. Caruana, "Multitask Learning", Machine Learning 28, 1997.

    Examples
    --------
    >>> from sklearn.datasets import load_linnerud
    >>> from sklearn_mtl import MultiTaskRegressor
    >>> X, y = load_linnerud(return_X_y=True, as_frame=True)
    >>> model = MultiTaskRegressor(random_state=0).fit(X, y)
    >>> model.predict(X).shape
    (20, 3)
    >>> list(model.task_names_in_)
    ['Weight', 'Waist', 'Pulse']
    """

    _kind = "regression"
    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **CONSTRAINTS,
        "clip_predictions": ["boolean"],
    }

    def __init__(
        self,
        *,
        hidden_layer_sizes: Sequence[int] = (128, 128),
        activation: str = "gelu",
        dropout: float | str = "auto",
        trunk: Any = None,
        head: Any = "linear",
        loss: Any = "squared_error",
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
        self, X: Any, y: Any, sample_weight: Any = None
    ) -> MultiTaskRegressor:
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

        The first call fixes tasks, classes and columns.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            Inputs.
        y : array-like of shape (n_samples,) or (n_samples, n_tasks)
            Targets; missing labels are allowed.
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
            If a task has no label in the first call and `on_empty_task` is "raise".
        ValueError
            If X, y or weights are wrong.
        """
        return self._partial_fit(X, y, None, sample_weight)
