"""Stored results: one JSON file per set, split and model.

A result is reused while the model, its parameters and its code (our models) or the
versions of its libraries (other models) are the same. Empty the folder after a change
of the splits, the errors or the definitions of other models.
"""

from __future__ import annotations

import hashlib
import json
import os
from importlib.metadata import version
from pathlib import Path
from typing import Any

# folders of the package that the nets depend on
_NET_PARTS = (
    "losses",
    "model_selection",
    "modules",
    "multioutput",
    "neural_network",
    "preprocessing",
    "tasks",
    "utils",
)
_LIBRARIES = ("scikit-learn", "lightgbm", "xgboost-cpu", "xgboost")
#: Optional packages, which must not invalidate the results of other models.
OPTIONAL = ("catboost", "pytabkit", "torch")
ALL_LIBRARIES = (*_LIBRARIES, *OPTIONAL)


def code_digest(*, is_net: bool = False) -> str:
    """Return a digest of the code of our models, or only of the nets."""
    import sklearn_mtl

    home = Path(sklearn_mtl.__file__).parent
    digest = hashlib.sha1()
    for part in _NET_PARTS if is_net else ("ensemble", *_NET_PARTS):
        for file in sorted((home / part).rglob("*.py")):
            digest.update(str(file.relative_to(home)).encode() + file.read_bytes())
    return digest.hexdigest()[:12]


def library_digest(names: tuple[str, ...] = _LIBRARIES) -> str:
    """Return a digest of the library versions of other models."""
    return hashlib.sha1(json.dumps(library_versions(names)).encode()).hexdigest()[:12]


def library_versions(names: tuple[str, ...] = ALL_LIBRARIES) -> dict[str, str]:
    """Return the versions of the peers' libraries."""
    found = {}
    for name in names:
        try:
            found[name] = version(name)
        except ModuleNotFoundError:
            continue
    return found


def key_of(description: dict[str, Any]) -> str:
    """Return a hash of all that decides a result."""
    text = json.dumps(description, sort_keys=True, default=str)
    return hashlib.sha1(text.encode()).hexdigest()[:16]


def load(folder: Path, key: str) -> dict[str, Any] | None:
    """Return the value stored under a key."""
    file = folder / f"{key}.json"
    return json.loads(file.read_text()) if file.exists() else None


def store(folder: Path, key: str, record: dict[str, Any]) -> None:
    """Store a record, whole or not at all."""
    folder.mkdir(parents=True, exist_ok=True)
    draft = folder / f"{key}.{os.getpid()}.tmp"
    draft.write_text(json.dumps(record, default=str))
    draft.replace(folder / f"{key}.json")
