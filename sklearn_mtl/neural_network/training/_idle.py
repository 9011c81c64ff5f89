"""Removal of skorch's EarlyStopping if no sample is held out."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from skorch.callbacks import EarlyStopping

__all__ = ["without_idle_callbacks"]

_HELD_OUT = ("valid_loss", "valid_loss_best", "valid_criterion")


@contextmanager
def without_idle_callbacks(net: Any, *, holds_out: bool) -> Iterator[None]:
    """Remove EarlyStopping callbacks that monitor a held-out loss, with a warning.

    They would raise a KeyError. Other callbacks with a monitor have their own messages.
    """
    callbacks = net.callbacks_
    idle = [] if holds_out else [one for one in callbacks if _waits(one[1])]
    if not idle:
        yield
        return
    monitors = sorted({callback.monitor for _, callback in idle})
    warnings.warn(
        f"{net.who}: the callback EarlyStopping monitors {' and '.join(monitors)}, but "
        "no sample is held out, so it has no effect. Set early_stopping=True, pass "
        "X_val and y_val, or use monitor='train_loss'.",
        UserWarning,
        stacklevel=2,
    )
    net.callbacks_ = [one for one in callbacks if one not in idle]
    try:
        yield
    finally:
        net.callbacks_ = callbacks


def _waits(callback: Any) -> bool:
    return isinstance(callback, EarlyStopping) and callback.monitor in _HELD_OUT
