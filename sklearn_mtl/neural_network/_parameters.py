"""Parameter constraints of the multi-task nets."""

from __future__ import annotations

from numbers import Integral, Real
from os import PathLike
from typing import Any

import numpy as np

from sklearn_mtl.balancing import METHODS, SCHEDULES, Balancing, TaskSchedule
from sklearn_mtl.losses import LOSSES, TaskLoss
from sklearn_mtl.modules import ACTIVATIONS, HEADS, HeadSpec, TrunkSpec
from sklearn_mtl.neural_network.training._build import OPTIMIZERS
from sklearn_mtl.neural_network.training._plan import DTYPES
from sklearn_mtl.preprocessing import PiecewiseLinear
from sklearn_mtl.utils._private import HasMethods, Interval, StrOptions

__all__ = ["CONSTRAINTS"]

_AUTO = StrOptions({"auto"})
_COUNT = Interval(Integral, 1, None, closed="left")

CONSTRAINTS: dict[str, list[Any]] = {
    "hidden_layer_sizes": ["array-like", _AUTO],
    "activation": [StrOptions(set(ACTIVATIONS))],
    "dropout": [Interval(Real, 0, 1, closed="left"), _AUTO],
    "trunk": [TrunkSpec, callable, None],
    "head": [StrOptions(set(HEADS)), HeadSpec],
    "loss": [StrOptions({"auto", *LOSSES}), TaskLoss, dict, "array-like"],
    "balancing": [
        StrOptions(set(METHODS)),
        Balancing,
        # objects of torchjd; their type is checked later, without importing torchjd
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
    "task_weight": [StrOptions({"auto"}), dict, "array-like", None],
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
    "n_stored_samples": [Interval(Integral, 0, None, closed="left"), _AUTO],
    "checkpoint": [str, PathLike, None],
    "device": [str],
    "data_parallel": ["boolean"],
    "dtype": [StrOptions(set(DTYPES)), _AUTO],
    "n_threads": [_COUNT, None],
    "warm_start": ["boolean"],
    "random_state": ["random_state", np.random.Generator],
    "verbose": ["verbose"],
}
