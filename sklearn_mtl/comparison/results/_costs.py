"""What a fit costs: seconds and the size of the model."""

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
    """Costs of one fit; NaN where one is not known.

    Attributes
    ----------
    fit_seconds, predict_seconds : float
        Wall-clock time of the fit and of the predictions of the test part.
    model_bytes : float
        Size of the fitted model when pickled.
    """

    fit_seconds: float = np.nan
    predict_seconds: float = np.nan
    model_bytes: float = np.nan


NO_COSTS = Costs()


class _Counter:
    """A file that only counts."""

    def __init__(self) -> None:
        self.n_bytes = 0

    def write(self, data: Any) -> int:
        size = memoryview(data).nbytes
        self.n_bytes += size
        return size


class _ByValue(pickle.Pickler):
    """Write as many bytes for equal models in every process."""

    # A pickle writes an object once and refers to it from then on. Which texts are one
    # object depends on the process: constants are, copies in a worker are not.

    def __init__(self, file: _Counter) -> None:
        super().__init__(file, protocol=5)
        self._known: dict[Any, Any] = {}

    def persistent_id(self, obj: Any) -> Any:
        """Return the first of the equal objects, or None: pickle the object itself."""
        if type(obj) is not str and not isinstance(obj, np.dtype):
            return None
        return self._known.setdefault((type(obj), obj), obj)

    def reducer_override(self, obj: Any) -> Any:
        """Replace tensors by as many bytes."""
        torch = sys.modules.get("torch")
        if torch is None or not isinstance(obj, torch.Tensor):
            return NotImplemented
        # Torch writes the address of a tensor too, with as many digits as it has.
        return bytes, (bytes(obj.untyped_storage().nbytes()),)


def pickled_size(model: Predictor) -> float:
    """Return the number of bytes of a pickled model; NaN if it cannot be pickled.

    It is the same in every process, and differs from that of a plain pickle by little.
    """
    counter = _Counter()
    try:
        _ByValue(counter).dump(model)
    except Exception:  # classes decide what they raise; a size is no reason to fail
        return np.nan
    return float(counter.n_bytes)
