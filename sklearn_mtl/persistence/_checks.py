"""Checks of the components of an object before it is built."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from sklearn.base import BaseEstimator
from sklearn.isotonic import IsotonicRegression
from skorch import NeuralNet

from sklearn_mtl.persistence._budget import Budget
from sklearn_mtl.persistence._private import (
    PREDICTOR_RECORD_DTYPE,
    TreePredictor,
)
from sklearn_mtl.utils._versioned import VersionedState

__all__ = [
    "RNG_BYTES",
    "checked_bits",
    "checked_elements",
    "checked_sparse",
    "isotonic_bytes",
    "numeric_dtype",
    "set_state",
    "usable",
]

#: Bytes of a random generator of NumPy or torch, which are 2000 to 5000.
RNG_BYTES = 8000
THRESHOLDS = ("X_thresholds_", "y_thresholds_")
#: Maximum positions in the tables of random generators, which NumPy does not check.
POSITIONS = {"pos": 624, "buffer_pos": 4}


def set_state(thing: Any, state: Any, used: set[int], budget: Budget) -> None:
    """Set the attributes of an object, with its __setstate__ if it defines one."""
    for one in state if isinstance(state, tuple) else (state,):
        # Copies of a shared dictionary would not be counted in the budget.
        if isinstance(one, dict) and id(one) in used:
            raise ValueError("two objects share one dictionary of attributes")
        used.add(id(one))
    own = getattr(type(thing), "__setstate__", None)
    plain = (BaseEstimator, NeuralNet, VersionedState)
    if own is None or any(own is one.__setstate__ for one in plain):
        attributes, slots = state if isinstance(state, tuple) else (state, None)
        if attributes:
            vars(thing).update(attributes)
        for name, value in (slots or {}).items():
            if name.startswith("__"):
                raise ValueError(f"the attribute {name} is not allowed")
            object.__setattr__(thing, name, value)
        return
    _check_made(thing, state, budget)
    thing.__setstate__(state)


def _check_made(thing: Any, state: Any, budget: Budget) -> None:
    """Check and count the objects that __setstate__ builds from a state."""
    # For old recurrent layers, torch builds lists of any length that the state sets.
    if isinstance(thing, torch.nn.RNNBase) and (
        "all_weights" in state or not isinstance(state["_all_weights"][0][0], str)
    ):
        raise ValueError("a recurrent layer has no names of its weights")
    if isinstance(thing, TreePredictor) and state["nodes"].dtype != (
        PREDICTOR_RECORD_DTYPE
    ):
        n_bytes = state["nodes"].size * PREDICTOR_RECORD_DTYPE.itemsize
        budget.take(n_bytes, "a tree of another platform")
    if isinstance(thing, IsotonicRegression):
        budget.take(isotonic_bytes(state), "an isotonic function")


def isotonic_bytes(state: dict[str, Any]) -> int:
    """Return the memory of the interpolation function of an isotonic regression."""
    points = [state[name] for name in THRESHOLDS if name in state]
    if not all(isinstance(one, np.ndarray) and one.ndim == 1 for one in points):
        raise ValueError("the thresholds of an isotonic regression are not 1D arrays")
    return sum(16 * len(one) for one in points)


def checked_bits(state: Any) -> Any:
    """Return the state of a random generator after a check of its position."""
    for name, end in POSITIONS.items():
        for place in (state, state["state"]):
            if not 0 <= place.get(name, 0) <= end:
                raise ValueError(
                    f"a random generator has the position {place[name]}; it must be "
                    f"between 0 and {end}"
                )
    return state


def checked_elements(items: list[Any], dtype: np.dtype) -> list[Any]:
    """Return the elements of an array of objects or strings after a type check."""
    allowed = {"O": object, "U": str, "S": bytes, "T": (str, float, type(None))}
    if dtype.kind not in allowed:
        raise ValueError(f"an array has elements of the dtype {dtype}")
    kind: Any = allowed[dtype.kind]
    # NumPy would unpack nested lists to search for strings.
    if not all(isinstance(item, kind) for item in items):
        raise ValueError(f"elements of the dtype {dtype} are not strings")
    return items


def checked_sparse(
    form: str, shape: list[int], parts: list[Any], budget: Budget
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the three arrays of a sparse matrix after a check of their shapes."""
    if form not in ("csr", "csc") or len(shape) not in (1, 2):
        raise ValueError(f"a sparse matrix has the format {form!r} and shape {shape}")
    if not all(isinstance(part, np.ndarray) and part.ndim == 1 for part in parts):
        raise ValueError("the parts of a sparse matrix are not 1D arrays")
    data, indices, starts = parts
    n_rows = 1 if len(shape) == 1 else shape[form == "csc"]
    if len(starts) != n_rows + 1 or len(data) != len(indices):
        raise ValueError(
            f"a sparse matrix of shape {shape} has {len(starts)} index pointers, "
            f"{len(indices)} indices and {len(data)} values"
        )
    is_kept = all(part.dtype == np.int32 for part in (indices, starts))
    if not is_kept or max(shape) >= 2**31:
        budget.take(8 * (len(indices) + len(starts)), "indices")
    return data, indices, starts


def numeric_dtype(about: Any) -> np.dtype:
    """Return a dtype, or raise ValueError if it contains Python objects."""
    if isinstance(about, dict):
        formats = [numeric_dtype(one) for one in about["formats"]]
        fields: Any = {**about, "formats": formats}
        dtype = np.dtype(fields)
    else:
        dtype = np.dtype(about)
    if dtype.hasobject:
        raise ValueError("a numeric array has a dtype with Python objects")
    return dtype


def usable(device: str) -> str:
    """Return the device, or the CPU if the device is not available."""
    if device.startswith("cuda") and not torch.cuda.is_available():
        return "cpu"
    if device.startswith("mps") and not torch.backends.mps.is_available():
        return "cpu"
    return device
