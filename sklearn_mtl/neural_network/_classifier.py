"""The multi-task classifier."""

from __future__ import annotations

from collections.abc import Sequence
from os import PathLike
from typing import Any, ClassVar, Literal

from numpy.typing import ArrayLike
from sklearn.base import ClassifierMixin
from sklearn.utils import Tags

from sklearn_mtl.neural_network._base import BaseMultiTaskNet
from sklearn_mtl.neural_network._parameters import CONSTRAINTS
from sklearn_mtl.tasks import CLASS_WEIGHT, ClassOutputsMixin
from sklearn_mtl.uncertainty import SetsMixin
from sklearn_mtl.utils._typing import (
    ClassWeight,
    FeaturesLike,
    Seed,
    TargetsLike,
    TaskNumbers,
)

__all__ = ["MultiTaskClassifier"]


class MultiTaskClassifier(
    SetsMixin, ClassOutputsMixin, ClassifierMixin, BaseMultiTaskNet
):
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
    Model

    hidden_layer_sizes : sequence of int or "auto", default="auto"
        Units of each layer of the default trunk; the last is the width of the shared
        representation. "auto" is (128, 128), and for a sparse X with at least 512
        columns (), a linear map to few columns.
    activation : str, default="gelu"
        Nonlinearity of the default trunk: "gelu", "identity", "logistic", "relu",
        "silu" or "tanh".
    dropout : float or "auto", default="auto"
        Share of units of the default trunk that are dropped while training. "auto" is
        0.15, and 0 where all rows are one batch.
    trunk : None, trunk spec, nn.Module or callable, default=None
        What all tasks share. None is ``MLP(hidden_layer_sizes, activation, dropout)``;
        a spec, such as ``MLP()``, makes ``trunk__dropout`` a parameter for grid search;
        a module, or a callable that gets the number of features and returns one, maps
        (n_rows, n_features) to (n_rows, n_hidden) and sees the values of X as they are,
        unless it has an attribute ``preparation = "table"``. ``Text()`` reads texts or
        lists of tokens as X.
    head : {"linear", "mlp", "feedback"} or head spec, default="linear"
        What each task does with what it reads of the trunk: a linear map; a hidden
        layer of its own (``MLPHead(hidden_layer_sizes=(32,))``); or a linear map of it
        and of the soft outputs of the other tasks (``FeedbackHead(n_passes=1)``).
    n_members : int or "auto", default="auto"
        Independent nets, trained in one batched product, whose predictions are
        averaged. "auto" is 8 for trunk specs of tables, as `MLP`, and 1 for ``Text()``
        and modules of your own.

    Objective

    loss : str, spec, dict or list, default="cross_entropy"
        What is minimised. A name or a spec of :mod:`sklearn_mtl.losses`:
        "cross_entropy" (``CrossEntropy(label_smoothing=0.1)``) and "focal"
        (``FocalLoss(gamma=2.0)``) for classifications, "squared_error" and "huber"
        (``HuberLoss(delta=1.0)``, in standard deviations of the label) for regressions,
        "circular" (``CircularLoss(period=2 * pi)``) for angles and others that repeat;
        a dict by task name or a list in task order says it task by task. Tasks for
        which a name is not meant, or that a dict leaves out, get "auto":
        "cross_entropy" and "squared_error".
    balancing : str, spec or object of torchjd, default="sum"
        How the tasks are balanced. A name or a spec of :mod:`sklearn_mtl.balancing`:
        "sum", "mean", "fixed", "random", "uncertainty", "dwa", "geometric_mean",
        "imtl_l", "stch" and "famo" weigh the losses, for all parameters; "mgda",
        "pcgrad", "cagrad", "imtl_g", "aligned_mtl", "upgrad", "nash_mtl", "fairgrad"
        and "gradnorm" weigh the gradients, for what the tasks share. Or a Weighting,
        Aggregator or Scalarizer of torchjd.
    gramian : {"auto", "features", "shared"}, default="auto"
        Which gradients are weighed: those of the shared representation, in closed form
        and almost for nothing, or the exact ones of the shared parameters. "auto" is
        "features" where all heads are linear maps of one representation and every pair
        of tasks has at least 70 % of its labels in common. Weightings of losses need
        neither.
    update_every : int or "auto", default="auto"
        Steps for which weights of gradients are kept. "auto" is 1 for "features" and 10
        for "shared".
    task_schedule : str or spec, default="synchronous"
        Whether a step trains all tasks ("synchronous"); one after the other, while the
        heads of the rest stay as they are ("asynchronous",
        ``Asynchronous(frequency="uniform", order="cyclic")``); or some that are drawn
        ("sampled", ``Sampled(n_tasks=1, frequency="uniform")``). An epoch
        is a pass over the rows in any case.
    task_relation : array-like, "learned" or None, default=None
        What is known of the tasks: a similarity of shape (n_tasks, n_tasks), symmetric
        and not negative, by which
        pairs are pulled together; or the covariance of their heads, learned as the net
        is. Only tasks with outputs of equal shape are pulled together. The rows and
        columns of a DataFrame are matched to the tasks by name.
    relation_on : {"auto", "outputs", "heads"}, default="auto"
        Whether the probabilities (or standardised predictions) of related tasks are
        pulled together, or the weights of their heads. "auto" is "heads" for a relation
        that is learned, else "outputs".
    relation_strength : float, default=0.1
        Factor of the relation in the objective.
    shared_penalty : float, default=0.0
        Factor of the sum of the squared weights, not the biases, of the shared layers
        in the objective.
    task_weight : "auto", dict, array-like of shape (n_tasks,) or None, default="auto"
        Factor of each task's loss in the objective; a dict by task name may leave tasks
        at 1, and None is 1 for all. "auto" grows with the square root of the number of
        labels (sum of the sample weights of observed labels, over all calls of
        partial_fit), with a mean of 1: a task with few labels, which overfits first,
        does not rule the shared layers. It is 1 for all tasks with another `balancing`
        than the plain sum.
    class_weight : None, "balanced", dict or list, default=None
        Weights of the classes: "balanced" weighs them inversely to their frequency,
        task by task; a dict {label: weight} holds for all tasks; a dict by task name or
        a list in task order holds one of these a task.

    Optimisation

    optimizer : {"adamw", "adam", "sgd"} or torch optimizer class, default="adamw"
        Optimiser of the net.
    lr : float, default=0.003
        Learning rate, the largest of the schedule.
    lr_schedule : {"cosine", "constant"}, default="cosine"
        "cosine" warms up over 20 steps and falls to zero over `max_epochs`; "constant"
        leaves the rate to `callbacks`.
    weight_decay : float or "auto", default="auto"
        Decay of the weights, not the biases, by the optimiser; decoupled for AdamW, so
        no part of the objective. "auto" is 0.3 for "adamw" (0.01 with ``Text()``) and 0
        for others.
    batch_size : int, "auto" or None, default="auto"
        Rows in a step. "auto" is n / 20 within 32 and 256 (32 with ``Text()``), and all
        rows up to 100. None is all rows, always in the same order.
    max_epochs : int or "auto", default="auto"
        Passes over the training rows. "auto" makes about 800 steps, but at least 12
        epochs (3,000 and 16 with ``Text()``). If all tasks are regressions whose
        held-out loss ends flat, below 5 % of that of the best constant, up to three
        times as many follow without dropout.
    early_stopping : bool or "auto", default="auto"
        Whether to keep the epoch with the lowest held-out loss, in which each task
        counts relative to the loss of its best constant. "auto" holds out above 100
        samples, but not with ``Text()``. Held out are groups, if `fit` gets `groups`,
        or a set of your own, if it gets `X_val` and `y_val`.
    validation_fraction : float, default=0.15
        Share of the rows held out when there is one member, stratified on all tasks.
        With several each holds out a fold of its own.
    n_iter_no_change : int or "auto", default="auto"
        Epochs without a better one after which training stops; "auto" is a quarter of
        `max_epochs`, at least 5.

    Data

    numeric_embedding : PiecewiseLinear, "auto" or None, default="auto"
        How numeric columns of a table are embedded. "auto" is ``PiecewiseLinear()``
        where there are at least four rows a column, and more than 100.
    categorical_features : "from_dtype", array-like or None, default="from_dtype"
        Columns that are one-hot encoded, the rarest beyond 64 categories together:
        text and categorical columns of a DataFrame, or names, numbers, or a mask.
        Unknown categories are encoded as zeros; where they are most values of a column
        there is an UnseenCategoryWarning.
    on_empty_task : {"raise", "warn"}, default="raise"
        A task without any observed label is an error, or is predicted as NaN with a
        warning.

    Running

    monitor : {"gradients"} or None, default=None
        "gradients" adds the exact gradients of the tasks to `history_`, measured in
        each epoch on up to 128 rows.
    callbacks : list of skorch callbacks, default=None
        Called as in skorch; `set_callbacks` takes those of scikit-learn. One that
        overrides a hook of a batch makes the loop notify at every batch, which is
        slower.
    n_stored_samples : int or "auto", default="auto"
        How many training samples the net keeps, as a random part of all that it has
        seen: `partial_fit` and `update` learn from them again, and `update` is judged
        by those that were held out, at most half of them if there is one member. They
        are in pickles of the net, and in files of `save` only with training_state=True.
        "auto" is 1024 (or 64 MB of pictures) for a net that begins with `partial_fit`,
        and none in `fit`, so that no training sample leaves with the model.
    checkpoint : str, path or None, default=None
        Folder in which the state of training is kept, written after every epoch. A fit
        that was killed goes on from the last epoch when it is called again, and gives
        the same bits as without the interruption; one that was completed comes from the
        folder at once, unless random_state is None. Every combination of data and
        parameters has a subfolder of its own.
    device : str, default="cpu"
        Where torch computes.
    dtype : {"auto", "float32", "float64", "bfloat16"}, default="auto"
        "auto" is float64 where the data fit in one batch, else float32. "bfloat16"
        computes the products and convolutions of the trunk in it, and keeps parameters,
        heads and losses in float32; that is faster for large layers where the processor
        has instructions for it.
    n_threads : int or None, default=1
        Threads of torch while fitting and predicting; small nets are fastest on one.
        None leaves torch as it is. The caller's number is put back.
    warm_start : bool, default=False
        Whether another call of fit goes on from the weights and the optimiser of the
        last one, with a new learning rate schedule.
    random_state : int, RandomState, Generator or None, default=None
        Seed of initial weights, batches, folds and dropout. The same int gives the same
        bits, whatever the global generators do.
    verbose : int, default=0
        1 shows a progress bar over the epochs.

    Attributes
    ----------
    classes_ : ndarray, or list of ndarray
        Labels of the task, or of each task where y was 2-D.
    n_tasks_ : int
        Number of tasks.
    task_names_in_ : ndarray of shape (n_tasks,)
        Names of the tasks: the columns of y, or task0, task1, ...
    task_set_ : TaskSet
        What is known of the tasks.
    net_ : skorch.NeuralNet
        The net, with its module, optimiser and history.
    history_ : dict of str to ndarray
        One entry an epoch: "train_loss" and "valid_loss" (n_epochs, n_tasks), NaN where
        a task has none; "valid_score" (n_epochs, n_tasks), which is 1 - loss / loss of
        predicting the class frequencies or the mean; "valid_criterion", "lr", NaN in a
        call of partial_fit after fit, "duration"; "task_weight" (n_epochs, n_tasks),
        the mean weight of each task's loss or gradient, NaN in an epoch without its
        labels; with weights of gradients "gramian", which of them; with a monitor
        "gradient_norm" (n_epochs, n_tasks) of each L_t, "gradient_cosine", the mean
        over pairs of tasks, and "gradient_conflict", the share of pairs with a cosine
        below zero; "task_relation" and "shared_penalty" (n_epochs,), these terms of the
        objective where they are asked for; with a schedule "task_turns" (n_epochs,
        n_tasks), the number of steps that trained each task.
    n_iter_ : int
        Epochs run.
    best_epoch_ : int
        The epoch whose weights were kept, counted from 1.
    oof_prediction_ : ndarray or list of ndarray
        Out-of-fold predictions of the training rows, where several members hold out
        folds.
    added_tasks_ : dict of str to AddedTask
        What was found about each task that `add_task` added.
    update_ : UpdateRecord
        What the last call of `update` did.
    task_relation_ : ndarray of shape (n_tasks, n_tasks)
        The similarity that was given or the covariance that was learned, where
        `task_relation` is not None.
    n_features_in_ : int
        Number of features seen in fit.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the features, where X had names.

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
        hidden_layer_sizes: Sequence[int] | str = "auto",
        activation: str = "gelu",
        dropout: float | str = "auto",
        trunk: Any = None,
        head: Any = "linear",
        n_members: int | str = "auto",
        loss: Any = "cross_entropy",
        balancing: Any = "sum",
        gramian: str = "auto",
        update_every: int | str = "auto",
        task_schedule: Any = "synchronous",
        task_relation: Any = None,
        relation_on: str = "auto",
        relation_strength: float = 0.1,
        shared_penalty: float = 0.0,
        task_weight: TaskNumbers | Literal["auto"] | None = "auto",
        class_weight: ClassWeight | None = None,
        optimizer: Any = "adamw",
        lr: float = 3e-3,
        lr_schedule: str = "cosine",
        weight_decay: float | str = "auto",
        batch_size: int | str | None = "auto",
        max_epochs: int | str = "auto",
        early_stopping: bool | str = "auto",
        validation_fraction: float = 0.15,
        n_iter_no_change: int | str = "auto",
        numeric_embedding: Any = "auto",
        categorical_features: str | ArrayLike | None = "from_dtype",
        on_empty_task: str = "raise",
        monitor: str | None = None,
        callbacks: list | None = None,
        n_stored_samples: int | str = "auto",
        checkpoint: str | PathLike[str] | None = None,
        device: str = "cpu",
        dtype: str = "auto",
        n_threads: int | None = 1,
        warm_start: bool = False,
        random_state: Seed = None,
        verbose: int = 0,
    ) -> None:
        self.hidden_layer_sizes = hidden_layer_sizes
        self.activation = activation
        self.dropout = dropout
        self.trunk = trunk
        self.head = head
        self.n_members = n_members
        self.loss = loss
        self.balancing = balancing
        self.gramian = gramian
        self.update_every = update_every
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
        self.numeric_embedding = numeric_embedding
        self.categorical_features = categorical_features
        self.on_empty_task = on_empty_task
        self.monitor = monitor
        self.callbacks = callbacks
        self.n_stored_samples = n_stored_samples
        self.checkpoint = checkpoint
        self.device = device
        self.dtype = dtype
        self.n_threads = n_threads
        self.warm_start = warm_start
        self.random_state = random_state
        self.verbose = verbose

    def partial_fit(
        self,
        X: FeaturesLike,
        y: TargetsLike,
        classes: Any = None,
        sample_weight: ArrayLike | None = None,
    ) -> MultiTaskClassifier:
        """Learn from some samples more.

        From the first call on: one epoch at a constant learning rate; nothing is held
        out. A thousand random samples of the stream (`n_stored_samples`) are kept, and
        pickled with the estimator; as many of them as there are new samples are learned
        again in each call, so that the end of a sorted stream does not displace its
        beginning. Until
        a thousand samples have come, the net is trained again from all of them whenever
        their number has doubled: then the scales of X and y, the categories and the
        embedding are set again, and no longer after that.

        After `fit`: one step of second order for the last layer alone, which no rate
        can make too long, while the shared representation stays as it is. `update` does
        more, and asks whether it did good.

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
