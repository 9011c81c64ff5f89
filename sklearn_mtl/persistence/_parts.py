"""Losses that scikit-learn compiles, as skops writes them."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from typing import Any

from sklearn_mtl.persistence._budget import Budget, parse_json
from sklearn_mtl.utils._optional import import_optional

__all__ = ["is_part", "read_parts", "write_parts"]

#: Where they are. skops trusts estimators, trees and arrays too, but does not check
#: what they hold: those go another way.
MODULES = ("sklearn._loss.", "sklearn.linear_model._sgd_fast")
#: How skops makes losses and the numbers in them.
LOADERS = ("Dict", "Json", "List", "Loss", "Object", "Tuple", "Type")
SCHEMA = "schema.json"
#: skops makes an object of its own of every node, of so many times its bytes.
NODES = 4


def is_part(thing: Any) -> bool:
    """Return whether an object is one of those that are left to skops."""
    return type(thing).__module__.startswith(MODULES)


def write_parts(parts: list[Any]) -> bytes:
    """Return scikit-learn's compiled losses as skops writes them."""
    skops = import_optional("skops.io", extra="save", who="save")
    data: bytes = skops.dumps(parts, compression=zipfile.ZIP_DEFLATED)
    unknown = skops.get_untrusted_types(data=data)
    if unknown:
        raise TypeError(
            f"save: the model has objects of {', '.join(unknown)}, which no file may "
            "name: skops does not trust them."
        )
    return data


def read_parts(data: bytes, budget: Budget) -> list[Any]:
    """Return what `write_parts` wrote."""
    skops = import_optional("skops.io", extra="save", who="load")
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        if archive.namelist() != [SCHEMA]:
            raise ValueError(f"parts for skops: {archive.namelist()[:3]}")
        budget.take(2 * archive.getinfo(SCHEMA).file_size, "parts for skops")
        text = archive.read(SCHEMA)
    for node in _nodes(parse_json(text, budget)):
        module, loader = node["__module__"], node["__loader__"].removesuffix("Node")
        if loader not in LOADERS or not (module + ".").startswith(
            ("builtins.", *MODULES)
        ):
            raise ValueError(f"a {loader} of {module} among the losses")
    budget.take(NODES * len(text), "parts for skops")
    if skops.get_untrusted_types(data=data):
        raise ValueError("losses that skops does not trust")
    parts: list[Any] = skops.loads(data)
    return parts


def _nodes(node: Any) -> Iterator[dict[str, Any]]:
    """Yield what skops would make objects of."""
    if isinstance(node, dict):
        if "__module__" in node or "__loader__" in node or "__class__" in node:
            yield node
        node = list(node.values())
    if isinstance(node, list):
        for one in node:
            yield from _nodes(one)
