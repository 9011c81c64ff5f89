"""Save a fitted model in one file, and load it without running what is in it."""

from __future__ import annotations

import json
import platform
import warnings
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import safetensors
import safetensors.numpy
import scipy
import sklearn
import skorch
import torch
from sklearn.base import BaseEstimator

from sklearn_mtl._version import __version__
from sklearn_mtl.exceptions import DamagedFileError, OtherVersionWarning
from sklearn_mtl.persistence._allowed import Allowed, NotAllowedError
from sklearn_mtl.persistence._archive import read_archive, write_archive
from sklearn_mtl.persistence._budget import Budget, parse_json
from sklearn_mtl.persistence._decode import Decoder
from sklearn_mtl.persistence._encode import Encoder
from sklearn_mtl.persistence._parts import read_parts, write_parts

__all__ = ["load", "save"]

GRAPH, ARRAYS, PARTS = "model.json", "arrays.safetensors", "parts.skops"
#: What contents that save() did not write may raise where they are put together.
BROKEN = (
    *(ArithmeticError, AttributeError, LookupError, RuntimeError, TypeError),
    *(ValueError, safetensors.SafetensorError, zipfile.BadZipFile),
)


def save(
    model: Any,
    path: str | Path,
    *,
    trusted: Iterable[Any] = (),
    training_state: bool = False,
) -> None:
    """Save a model in one file.

    Parameters
    ----------
    model : estimator
        Any estimator of sklearn_mtl, fitted or not; scikit-learn's; Pipelines and
        searches of them.
    path : str or Path
        Where the file goes. An old file is replaced when the new one is complete, and
        left as it was if that fails.
    trusted : iterable of class or function, default=()
        Your own classes and functions that are part of the model, such as a trunk.
        `load` needs them too.
    training_state : bool, default=False
        Whether to keep what only further training of a net needs (the optimizer's
        state, predictions for training samples): several times the size.

    Raises
    ------
    TypeError
        If the model is no estimator, or an object in it is of a class that is not
        allowed; the error names it.
    OSError
        If the folder is not there or cannot be written to, or the disk is full.

    See Also
    --------
    load : Load the file.

    Notes
    -----
    The file is a zip: numbers as safetensors, the rest as JSON; what scikit-learn has
    in compiled objects of its own, skops writes. A zip comment has the SHA-256 of all
    before it.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import sklearn_mtl
    >>> from sklearn_mtl.datasets import make_multitask_regression
    >>> X, y = make_multitask_regression(random_state=0)
    >>> model = sklearn_mtl.MultiTaskLinearRegressor().fit(X, y)
    >>> path = Path(tempfile.mkdtemp()) / "model.mtl"
    >>> sklearn_mtl.save(model, path)
    >>> found = sklearn_mtl.load(path)
    >>> bool((found.predict(X) == model.predict(X)).all())
    True
    """
    if isinstance(model, type) or not isinstance(model, BaseEstimator):
        kind = "the class " if isinstance(model, type) else "an object of class "
        name = model.__name__ if isinstance(model, type) else type(model).__name__
        raise TypeError(f"save: {kind}{name} is no estimator. Give a model itself.")
    encoder = Encoder(Allowed(trusted), training_state)
    node = encoder.encode(model, type(model).__name__)
    graph = {"n_objects": len(encoder.numbers), "model": node}
    members = {GRAPH: json.dumps(graph, separators=(",", ":")).encode()}
    del node, graph
    if encoder.parts:
        members[PARTS] = write_parts(encoder.parts)
    members[ARRAYS] = write_arrays(encoder.arrays)
    about = {
        "class": type(model).__name__,
        "training_state": training_state,
        "versions": package_versions(),
    }
    write_archive(Path(path), members, about, encoder.making)


def load(path: str | Path, *, trusted: Iterable[Any] = ()) -> Any:
    """Load a model that `save` wrote.

    Nothing in the file is run: it says which classes to build, of those that are
    allowed, and their attributes. Every byte is checked against a SHA-256 first.

    Parameters
    ----------
    path : str or Path
        The file.
    trusted : iterable of class or function, default=()
        Your own classes and functions that are part of the model.

    Returns
    -------
    estimator
        The model; its net is on the CPU where the file's device is not there.

    Raises
    ------
    DamagedFileError
        If the file is cut short, was changed, or is none of `save`.
    TypeError
        If it names a class that is neither allowed nor trusted.

    Warns
    -----
    OtherVersionWarning
        If it was saved with another version of a package that predictions depend on.

    See Also
    --------
    save : Save the file.

    Notes
    -----
    The checksum finds damage, not forgery: whoever can write the file can write a
    checksum, and weights that predict what they like. See SECURITY.md.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import sklearn_mtl
    >>> from sklearn_mtl.datasets import make_multitask_regression
    >>> X, y = make_multitask_regression(random_state=0)
    >>> model = sklearn_mtl.MultiTaskLinearRegressor().fit(X, y)
    >>> path = Path(tempfile.mkdtemp()) / "model.mtl"
    >>> sklearn_mtl.save(model, path)
    >>> found = sklearn_mtl.load(path)
    >>> bool((found.predict(X) == model.predict(X)).all())
    True
    """
    path = Path(path)
    allowed = Allowed(trusted)
    manifest, members, budget = read_archive(path)
    _compare_versions(manifest, path)
    try:
        return _decode(members, allowed, budget)
    except NotAllowedError as error:
        name = str(error)
        raise TypeError(
            f"load: {path} has an object of {name.replace(':', '.')}, which is neither "
            "allowed nor trusted. If you trust it, give the class itself: "
            f"trusted=[{name.rpartition(':')[2]}]."
        ) from error
    except BROKEN as error:
        raise _damaged(path, error) from error


def _decode(members: dict[str, bytes], allowed: Allowed, budget: Budget) -> Any:
    arrays = read_arrays(members.pop(ARRAYS), budget)
    parts = read_parts(members.pop(PARTS), budget) if PARTS in members else []
    graph = parse_json(members.pop(GRAPH), budget)
    decoder = Decoder(allowed, arrays, parts, budget)
    return decoder.model(graph.pop("model"), graph["n_objects"])


def write_arrays(arrays: list[np.ndarray]) -> bytes:
    """Return the arrays as safetensors has them, named by number."""
    return safetensors.numpy.save({str(i): _storable(a) for i, a in enumerate(arrays)})


def _storable(array: np.ndarray) -> np.ndarray:
    """Return an array as safetensors has it: of a common dtype, or as bytes."""
    is_common = array.dtype.kind in "biuf" and array.dtype.isnative
    if is_common and array.dtype.itemsize <= 8:
        return array
    return array.reshape(-1).view(np.uint8)


def read_arrays(data: bytes, budget: Budget) -> list[np.ndarray]:
    """Return the arrays by number, as bytes that can be written to."""
    with budget.briefly(len(data), "its arrays"):
        found = dict(safetensors.deserialize(data))  # type: ignore[no-untyped-call]
    return [
        np.frombuffer(found[str(i)]["data"], dtype=np.uint8) for i in range(len(found))
    ]


def package_versions() -> dict[str, str]:
    """Return the versions on which predictions depend."""
    return {
        "python": platform.python_version(),
        "sklearn_mtl": __version__,
        "numpy": np.__version__,
        "scipy": scipy.__version__,
        "scikit-learn": sklearn.__version__,
        "skorch": skorch.__version__,
        "torch": torch.__version__,
    }


def _compare_versions(manifest: dict[str, Any], path: Path) -> None:
    """Warn if packages whose objects are in the file have other versions here."""
    here, there = package_versions(), manifest.get("versions")
    if not isinstance(there, dict):
        raise DamagedFileError(f"{path}: the file does not say what wrote it.")
    asked = ("sklearn_mtl", "scikit-learn", "skorch")
    other = [
        f"{name} {there.get(name)} (here {here[name]})"
        for name in asked
        if there.get(name) != here[name]
    ]
    if other:
        warnings.warn(
            f"load: {path} was saved with {', '.join(other)}. What it predicts may "
            "differ, or loading it fail.",
            OtherVersionWarning,
            stacklevel=3,
        )


def _damaged(path: Path, error: Exception) -> DamagedFileError:
    return DamagedFileError(
        f"{path}: the checksums are right, but the contents are no model that save() "
        f"wrote ({type(error).__name__}: {error})."
    )
