"""Costs of a fit: time and size of the model."""

from __future__ import annotations

import pickle
import sys
from dataclasses import dataclass
from typing import Any

import numpy as np

from sklearn_mtl.utils._typing import Predictor

__all__ = ["NO_COSTS", "Costs", "pickled_size"]


@dataclass(frozen=True)
class Costs:
    """Costs of one fit, NaN if unknown.

    Attributes
    ----------
    fit_seconds, predict_seconds : float
        Wall-clock time of the fit and of the predictions on the test set.
    model_bytes : float
        Size of the fitted model when pickled.
    """

    fit_seconds: float = np.nan
    predict_seconds: float = np.nan
    model_bytes: float = np.nan


NO_COSTS = Costs()


class _Counter:
    """File-like object that only counts the bytes written."""

    def __init__(self) -> None:
        self.n_bytes = 0

    def write(self, data: Any) -> int:
        size = memoryview(data).nbytes
        self.n_bytes += size
        return size


class _ByValue(pickle.Pickler):
    """Pickler that writes the same number of bytes for a model in every process."""

    # A pickle writes an object once and then refers to it. Whether equal strings are
    # the same object depends on the process: a worker has copies of constants.

    def __init__(self, file: _Counter) -> None:
        super().__init__(file, protocol=5)
        self._known: dict[Any, Any] = {}

    def persistent_id(self, obj: Any) -> Any:
        """Return the first equal string or dtype, or None to pickle the object."""
        if type(obj) is not str and not isinstance(obj, np.dtype):
            return None
        return self._known.setdefault((type(obj), obj), obj)

    def reducer_override(self, obj: Any) -> Any:
        """Replace tensors by the same number of bytes."""
        torch = sys.modules.get("torch")
        if torch is None or not isinstance(obj, torch.Tensor):
            return NotImplemented
        # Torch also writes the address of a tensor, whose number of digits varies.
        return bytes, (bytes(obj.untyped_storage().nbytes()),)


def pickled_size(model: Predictor) -> float:
    """Return the size of a pickled model in bytes, or NaN if it cannot be pickled.

    The size is the same in every process and almost that of an ordinary pickle.
    """
    counter = _Counter()
    try:
        _ByValue(counter).dump(model)
    except Exception:  # models may raise anything, and the size is optional
        return np.nan
    return float(counter.n_bytes)
