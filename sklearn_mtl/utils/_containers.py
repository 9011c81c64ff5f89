"""Turn the containers that hold the same numbers into one that is read alike."""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["fill_masked"]

# What stands for a missing value, by the kind of the dtype; None where not listed.
_MISSING: dict[str, Any] = {
    **dict.fromkeys("fc", np.nan),
    "m": np.timedelta64("NaT"),
    "M": np.datetime64("NaT"),
}


def fill_masked(values: Any) -> Any:
    """Return a masked array as a plain array in which masked values are missing.

    NumPy's functions and scikit-learn's checks read what lies below the mask.

    Parameters
    ----------
    values : object
        Anything.

    Returns
    -------
    object
        For a masked array with masked values a copy: floats with NaN for numbers and
        booleans, dates with NaT, objects with None for everything else. For another
        masked array its data, else `values` itself.
    """
    if not isinstance(values, np.ma.MaskedArray):
        return values
    data, is_masked = np.asarray(values.data), np.ma.getmaskarray(values)
    if not is_masked.any():
        return data
    if data.dtype.kind in "biu":
        out = data.astype(np.float64)
    elif data.dtype.kind in _MISSING:
        out = data.copy()
    else:
        out = data.astype(object)
    out[is_masked] = _MISSING.get(out.dtype.kind)
    return out
