"""The arguments of the multi-task nets: what is allowed, and their one description."""

from __future__ import annotations

import inspect
from numbers import Integral, Real
from typing import Any

import numpy as np

from sklearn_mtl.balancing import METHODS, SCHEDULES, Balancing, TaskSchedule
from sklearn_mtl.losses import LOSSES, TaskLoss
from sklearn_mtl.modules import ACTIVATIONS, HEADS, HeadSpec, TrunkSpec
from sklearn_mtl.neural_network.training._build import OPTIMIZERS
from sklearn_mtl.neural_network.training._plan import DTYPES
from sklearn_mtl.preprocessing import PiecewiseLinear
from sklearn_mtl.utils._docstrings import Class, fill_docstring
from sklearn_mtl.utils._private import HasMethods, Interval, StrOptions

__all__ = ["CONSTRAINTS", "with_shared_parameters"]

_AUTO = StrOptions({"auto"})
_COUNT = Interval(Integral, 1, None, closed="left")

CONSTRAINTS: dict[str, list[Any]] = {
    "hidden_layer_sizes": ["array-like"],
    "activation": [StrOptions(set(ACTIVATIONS))],
    "dropout": [Interval(Real, 0, 1, closed="left"), _AUTO],
    "trunk": [TrunkSpec, callable, None],
    "head": [StrOptions(set(HEADS)), HeadSpec],
    "loss": [StrOptions({"auto", *LOSSES}), TaskLoss, dict, "array-like"],
    "balancing": [
        StrOptions(set(METHODS)),
        Balancing,
        # objects of torchjd, which are told apart when they are read
        HasMethods(["forward", "parameters"]),
    ],
    "gramian": [StrOptions({"auto", "features", "shared"})],
    "update_every": [_COUNT, _AUTO],
    "monitor": [StrOptions({"gradients"}), None],
    "task_schedule": [StrOptions(set(SCHEDULES)), TaskSchedule],
    "task_relation": ["array-like", StrOptions({"learned"}), None],
    "relation_on": [StrOptions({"auto", "outputs", "heads"})],
    "relation_strength": [Interval(Real, 0, None, closed="left")],
    "shared_penalty": [Interval(Real, 0, None, closed="left")],
    "task_weight": [dict, "array-like", None],
    "optimizer": [StrOptions(set(OPTIMIZERS)), type],
    "lr": [Interval(Real, 0, None, closed="neither")],
    "lr_schedule": [StrOptions({"cosine", "constant"})],
    "weight_decay": [Interval(Real, 0, None, closed="left"), _AUTO],
    "batch_size": [_COUNT, _AUTO, None],
    "max_epochs": [_COUNT, _AUTO],
    "early_stopping": ["boolean", _AUTO],
    "validation_fraction": [Interval(Real, 0, 1, closed="neither")],
    "n_iter_no_change": [_COUNT, _AUTO],
    "n_members": [_COUNT, _AUTO],
    "numeric_embedding": [PiecewiseLinear, StrOptions({"auto"}), None],
    "categorical_features": [str, "array-like", None],
    "on_empty_task": [StrOptions({"raise", "warn"})],
    "callbacks": [list, None],
    "device": [str],
    "dtype": [StrOptions(set(DTYPES)), _AUTO],
    "n_threads": [_COUNT, None],
    "warm_start": ["boolean"],
    "random_state": ["random_state", np.random.Generator],
    "verbose": ["verbose"],
}

_SHARED = """\
    hidden_layer_sizes : sequence of int, default=(128, 128)
        Units of each layer of the default trunk; the last is the width of the shared
        representation.
    activation : {"gelu", "identity", "logistic", "relu", "silu", "tanh"}, \
default="gelu"
        Nonlinearity of the default trunk.
    dropout : float or "auto", default="auto"
        Share of units of the default trunk that are dropped while training. "auto" is
        0.15, and 0 where all rows are one batch.
    trunk : None, trunk spec, nn.Module or callable, default=None
        What all tasks share. None is ``MLP(hidden_layer_sizes, activation, dropout)``;
        a spec, such as ``MLP()``, makes ``trunk__dropout`` a parameter for grid search;
        a module, or a callable that gets the number of features and returns one, maps
        (n_rows, n_features) to (n_rows, n_hidden) and sees the values of X as they are,
        unless it has an attribute ``preparation = "table"``.
    head : {"linear", "mlp", "feedback"} or head spec, default="linear"
        What each task does with what it reads of the trunk: a linear map; a hidden
        layer of its own (``MLPHead(hidden_layer_sizes=(32,))``); or a linear map of it
        and of the soft outputs of the other tasks (``FeedbackHead(n_passes=1)``).
    loss : str, spec, dict or list, default={loss}
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
    monitor : {"gradients"} or None, default=None
        "gradients" adds the exact gradients of the tasks to `history_`, measured in
        each epoch on up to 128 rows.
    task_schedule : {"synchronous", "asynchronous", "sampled"} or spec, \
default="synchronous"
        Whether a step trains all tasks; one after the other, while the heads of the
        rest stay as they are (``Asynchronous(frequency="uniform", order="cyclic")``);
        or some that are drawn (``Sampled(n_tasks=1, frequency="uniform")``). An epoch
        is a pass over the rows in any case.
    task_relation : array-like of shape (n_tasks, n_tasks), "learned" or None, \
default=None
        What is known of the tasks: a similarity, symmetric and not negative, by which
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
    task_weight : dict or array-like of shape (n_tasks,), default=None
        Factor of each task's loss in the objective; a dict by task name may leave tasks
        at 1.
    optimizer : {"adamw", "adam", "sgd"} or torch optimizer class, default="adamw"
        Optimiser of the net.
    lr : float, default=0.003
        Learning rate, the largest of the schedule.
    lr_schedule : {"cosine", "constant"}, default="cosine"
        "cosine" warms up over 20 steps and falls to zero over `max_epochs`; "constant"
        leaves the rate to `callbacks`.
    weight_decay : float or "auto", default="auto"
        Decay of the weights, not the biases, by the optimiser; decoupled for AdamW, so
        no part of the objective. "auto" is 0.3 for "adamw" and 0 for others.
    batch_size : int, "auto" or None, default="auto"
        Rows in a step. "auto" is n / 20 within 32 and 256, and all rows up to 100. None
        is all rows, always in the same order.
    max_epochs : int or "auto", default="auto"
        Passes over the training rows. "auto" makes about 800 steps, but at least 12
        epochs.
    early_stopping : bool or "auto", default="auto"
        Whether to keep the epoch with the lowest held-out loss, in which each task
        counts relative to the loss of its best constant. "auto" holds out above 100
        samples. Held out are groups, if `fit` gets `groups`, or a set of your own, if
        it gets `X_val` and `y_val`.
    validation_fraction : float, default=0.15
        Share of the rows held out when there is one member, stratified on all tasks.
        With several each holds out a fold of its own.
    n_iter_no_change : int or "auto", default="auto"
        Epochs without a better one after which training stops; "auto" is a quarter of
        `max_epochs`, at least 5.
    n_members : int or "auto", default="auto"
        Independent nets, trained in one batched product, whose predictions are
        averaged. "auto" is 8 for trunk specs of tables, as `MLP`, and 1 for modules of
        your own.
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
    callbacks : list of skorch callbacks, default=None
        Called as in skorch. One that overrides a hook of a batch makes the loop notify
        at every batch, which is slower.
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
        1 shows a progress bar over the epochs."""

_ATTRIBUTES = """\
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
    task_relation_ : ndarray of shape (n_tasks, n_tasks)
        The similarity that was given or the covariance that was learned, where
        `task_relation` is not None.
    n_features_in_ : int
        Number of features seen in fit.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the features, where X had names."""


def with_shared_parameters(cls: Class) -> Class:
    """Write the one description of the shared arguments into a class docstring."""
    default = inspect.signature(cls).parameters["loss"].default
    shared = _SHARED.replace("{loss}", f'"{default}"')
    return fill_docstring(cls, parameters=shared, attributes=_ATTRIBUTES)
