"""Saving of a fitted model in one file and loading it safely."""

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
#: Exceptions that loading may raise if save() did not write the contents.
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
        Any estimator of sklearn_mtl or scikit-learn, fitted or not, including Pipelines
        and searches of such estimators.
    path : str or Path
        Path of the file. An existing file is replaced once the new file is complete,
        and remains unchanged if saving fails.
    trusted : iterable of class or function, default=()
        Your own classes and functions that are part of the model, such as a trunk. Also
        pass them to `load`.
    training_state : bool, default=False
        Whether to include the state that a net only needs for further training: the
        state of the optimizer and the predictions for the training samples. It makes
        the file several times larger.

    Raises
    ------
    TypeError
        If the model is not an estimator, or contains an object of a class that is not
        allowed. The error names the class.
    OSError
        If the folder does not exist or is not writable, or the disk is full.

    See Also
    --------
    load : Load the file.

    Notes
    -----
    The file is a zip archive. Arrays are stored as safetensors and everything else as
    JSON, except compiled losses of scikit-learn, which are stored with skops. The zip
    comment is the SHA-256 of all bytes before it.

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
        raise TypeError(
            f"save: {kind}{name} is not an estimator. Pass an estimator object."
        )
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
    """Load a model that was saved with `save`.

    No code in the file is run. The file only contains the names of classes, which must
    be on an allow-list, and the attributes of their objects. A SHA-256 checksum of the
    whole file is verified first.

    Parameters
    ----------
    path : str or Path
        Path of the file.
    trusted : iterable of class or function, default=()
        Your own classes and functions that are part of the model.

    Returns
    -------
    estimator
        The model. A net is on the device on which it was saved, or on the CPU if that
        device is not available.

    Raises
    ------
    DamagedFileError
        If the file was truncated or modified, or was not written by `save`.
    TypeError
        If the file names a class that is neither allowed nor trusted.

    Warns
    -----
    OtherVersionWarning
        If the model was saved with another version of a package that its predictions
        depend on.

    See Also
    --------
    save : Save a model in one file.

    Notes
    -----
    The checksum detects damage but not forgery: anyone who can write the file can also
    write a matching checksum, and can change the weights of the model. See SECURITY.md.

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
            f"load: {path} contains an object of {name.replace(':', '.')}, which is "
            "neither allowed nor trusted. If you trust it, pass the class itself: "
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
    """Return arrays in the safetensors format, named by their index."""
    return safetensors.numpy.save({str(i): _storable(a) for i, a in enumerate(arrays)})


def _storable(array: np.ndarray) -> np.ndarray:
    """Return an array itself, or its bytes if safetensors does not know the dtype."""
    is_common = array.dtype.kind in "biuf" and array.dtype.isnative
    if is_common and array.dtype.itemsize <= 8:
        return array
    return array.reshape(-1).view(np.uint8)


def read_arrays(data: bytes, budget: Budget) -> list[np.ndarray]:
    """Return the arrays in the order of their index, as writeable bytes."""
    with budget.briefly(len(data), "its arrays"):
        found = dict(safetensors.deserialize(data))  # type: ignore[no-untyped-call]
    return [
        np.frombuffer(found[str(i)]["data"], dtype=np.uint8) for i in range(len(found))
    ]


def package_versions() -> dict[str, str]:
    """Return the versions of the packages on which predictions depend."""
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
    """Warn if packages with objects in the file have other versions now."""
    here, there = package_versions(), manifest.get("versions")
    if not isinstance(there, dict):
        raise DamagedFileError(
            f"{path}: the file does not name the package versions that wrote it."
        )
    asked = ("sklearn_mtl", "scikit-learn", "skorch")
    other = [
        f"{name} {there.get(name)} (installed: {here[name]})"
        for name in asked
        if there.get(name) != here[name]
    ]
    if other:
        warnings.warn(
            f"load: {path} was saved with {', '.join(other)}. Its predictions may "
            "differ, or loading may fail.",
            OtherVersionWarning,
            stacklevel=3,
        )


def _damaged(path: Path, error: Exception) -> DamagedFileError:
    return DamagedFileError(
        f"{path}: the checksums are correct, but the contents are not a model that "
        f"save() wrote ({type(error).__name__}: {error})."
    )
