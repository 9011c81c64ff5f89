"""Conversion of arguments to numbers, with errors that name the argument."""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["as_numbers"]


def as_numbers(values: Any, name: str, who: str) -> np.ndarray:
    """Return a float64 array, or raise an error that shows a value of another type."""
    try:
        # NumPy converts dates, and without an error the real parts of complex numbers
        if np.asarray(values).dtype.kind not in "mMc":
            return np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError):
        pass
    found = np.asarray(values, dtype=object).ravel().tolist()
    other = next((value for value in found if not _is_number(value)), values)
    raise ValueError(f"{who}: {name} must contain numbers only; got {other!r}.")


def _is_number(value: Any) -> bool:
    try:
        float(value)
    except (TypeError, ValueError):
        return value is None  # NumPy reads None as NaN
    return True
