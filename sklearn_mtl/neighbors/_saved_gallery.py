"""A gallery in a file: its rows written once, and a word where versions differ."""

from __future__ import annotations

import hashlib
import os
import secrets
import warnings
from pathlib import Path
from typing import Any

import joblib
import numpy as np
from sklearn.base import BaseEstimator
from sklearn.exceptions import InconsistentVersionWarning
from sklearn.utils.validation import check_is_fitted

from sklearn_mtl._version import __version__
from sklearn_mtl.neighbors._brute_force import BruteForceIndex

__all__ = ["SavedGallery"]

_SEAL = b"\nsklearn_mtl sha256 "  # a pickle ends before it, and joblib reads no further
_N_DIGEST = 64
_BLOCK = 2**20


class SavedGallery(BaseEstimator):
    """Save and load an estimator that has `embedding_` and `index_`."""

    embedding_: np.ndarray
    index_: Any

    def save(self, path: str | Path) -> None:
        """Write the fitted retriever, gallery included, with joblib and a checksum.

        The file is replaced in one step: whoever reads it finds the old one or the new
        one, whole, also if writing is interrupted or the disk is full.

        Parameters
        ----------
        path : str or Path
            The file.

        Raises
        ------
        OSError
            If it cannot be written; what was there before is then as it was.
        """
        check_is_fitted(self)
        path = Path(path)
        # Renamed when complete: a reader never sees half a file.
        part = path.with_name(f".{path.name}.{secrets.token_hex(8)}.part")
        try:
            joblib.dump(self, part)
            with part.open("ab") as file:
                file.write(_SEAL + _digest(part, part.stat().st_size))
            os.replace(part, path)
        except BaseException:
            part.unlink(missing_ok=True)
            raise

    @classmethod
    def load(cls, path: str | Path, *, mmap_mode: str | None = None) -> Any:
        """Read what `save` wrote; only from where you trust, since a pickle runs code.

        Parameters
        ----------
        path : str or Path
            The file.
        mmap_mode : {"r", "c"}, default=None
            Leave large arrays in the file, and share them between processes.

        Returns
        -------
        NeighborRetriever
            The retriever.

        Raises
        ------
        ValueError
            If the file is not, bit by bit, what `save` wrote.
        TypeError
            If the file holds something else.

        Warns
        -----
        InconsistentVersionWarning
            If another version of this package wrote it.
        """
        _check_seal(Path(path), cls.__name__)
        found = joblib.load(path, mmap_mode=mmap_mode)
        if not isinstance(found, cls):
            raise TypeError(
                f"{cls.__name__}: {path} holds an object of {type(found).__name__}, "
                f"and no {cls.__name__}."
            )
        return found

    def __getstate__(self) -> dict[str, Any]:
        """Return what is pickled: the version, and rows that the index has but once."""
        state = {**super().__getstate__(), "_version": __version__}
        if "embedding_" in state and _rows_of(self.index_) is self.embedding_:
            del state["embedding_"]  # joblib would write them twice
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Restore a retriever, and warn if another version wrote it."""
        state = dict(state)
        written_by = state.pop("_version", None)
        if written_by != __version__:
            warning = InconsistentVersionWarning(
                estimator_name=type(self).__name__,
                current_sklearn_version=__version__,
                original_sklearn_version=written_by,
            )
            warnings.warn(warning, stacklevel=2)
        super().__setstate__(state)
        if "index_" in state and "embedding_" not in state:
            self.embedding_ = _rows_of(self.index_)


def _rows_of(index: Any) -> Any:
    return index.rows_ if isinstance(index, BruteForceIndex) else None


def _check_seal(path: Path, who: str) -> None:
    """Refuse a file that does not end with the checksum of the rest."""
    length = path.stat().st_size - len(_SEAL) - _N_DIGEST
    sealed = length > 0
    if sealed:
        with path.open("rb") as file:
            file.seek(length)
            sealed = file.read() == _SEAL + _digest(path, length)
    if not sealed:
        raise ValueError(
            f"{who}: {path} is damaged or incomplete, or was not written by "
            f"{who}.save: its checksum is not that of its content."
        )


def _digest(path: Path, length: int) -> bytes:
    """Return the SHA-256, in hexadecimal digits, of the first bytes of a file."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while length > 0 and (block := file.read(min(length, _BLOCK))):
            digest.update(block)
            length -= len(block)
    return digest.hexdigest().encode()
