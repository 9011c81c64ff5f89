"""Texts that tell data and estimators apart, the same in every process."""

from __future__ import annotations

from typing import Any

import joblib
import numpy as np
from joblib.hashing import NumpyHasher
from scipy import sparse

from sklearn_mtl.utils._frames import is_pandas, to_pandas

__all__ = ["digest_object", "digest_table"]


class _Hasher(NumpyHasher):
    """joblib's hash, for tensors too: pickled, equal ones differ between processes."""

    def reducer_override(self, value: Any) -> Any:
        if type(value).__module__.partition(".")[0] == "torch" and hasattr(
            value, "detach"
        ):
            plain = value.detach().cpu()
            # NumPy has no bfloat16; every one of its values is a float32
            array = (plain.float() if plain.is_floating_point() else plain).numpy()
            return str, (f"{value.dtype} {value.requires_grad} {joblib.hash(array)}",)
        return NotImplemented


def digest_object(value: Any) -> str:
    """Return a digest of an estimator or any other object that can be pickled."""
    return str(_Hasher(hash_name="md5").hash(value))


def digest_table(table: Any) -> str:
    """Return a digest of the values of a table, in whatever memory they lie."""
    table = to_pandas(table)
    if is_pandas(table):
        from pandas.util import hash_pandas_object

        kinds = [(str(name), str(kind)) for name, kind in table.dtypes.items()]
        table = [kinds, hash_pandas_object(table, index=False).to_numpy()]
    elif sparse.issparse(table):
        entries = table.tocoo()
        table = [entries.shape, entries.coords, entries.data]
    else:
        table = np.ascontiguousarray(table)
        if table.dtype.kind == "O":  # equal texts may be one object or two
            table = [str(type(value)) + repr(value) for value in table.ravel()]
    return str(joblib.hash(table))
