"""Storage of compiled losses of scikit-learn with skops."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from typing import Any

from sklearn_mtl.persistence._budget import Budget, parse_json
from sklearn_mtl.utils._optional import import_optional

__all__ = ["is_part", "read_parts", "write_parts"]

#: Modules of these losses. skops also accepts estimators, trees and arrays, but does
#: not check their contents, so this package saves them itself.
MODULES = ("sklearn._loss.", "sklearn.linear_model._sgd_fast")
#: Nodes of skops for losses and the numbers in them.
LOADERS = ("Dict", "Json", "List", "Loss", "Object", "Tuple", "Type")
SCHEMA = "schema.json"
#: Memory of the nodes that skops builds, per byte of the schema.
NODES = 4


def is_part(thing: Any) -> bool:
    """Return whether an object is saved with skops."""
    return type(thing).__module__.startswith(MODULES)


def write_parts(parts: list[Any]) -> bytes:
    """Return compiled losses of scikit-learn in the format of skops."""
    skops = import_optional("skops.io", extra="save", who="save")
    data: bytes = skops.dumps(parts, compression=zipfile.ZIP_DEFLATED)
    unknown = skops.get_untrusted_types(data=data)
    if unknown:
        raise TypeError(
            f"save: the model contains objects of {', '.join(unknown)}, which cannot "
            "be saved because skops does not trust them."
        )
    return data


def read_parts(data: bytes, budget: Budget) -> list[Any]:
    """Return the losses that `write_parts` wrote."""
    skops = import_optional("skops.io", extra="save", who="load")
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        if archive.namelist() != [SCHEMA]:
            raise ValueError(
                f"the parts for skops have the members {archive.namelist()[:3]}; only "
                f"{SCHEMA} is allowed"
            )
        budget.take(2 * archive.getinfo(SCHEMA).file_size, "parts for skops")
        text = archive.read(SCHEMA)
    for node in _nodes(parse_json(text, budget)):
        module, loader = node["__module__"], node["__loader__"].removesuffix("Node")
        if loader not in LOADERS or not (module + ".").startswith(
            ("builtins.", *MODULES)
        ):
            raise ValueError(f"there is a {loader} of {module} among the losses")
    budget.take(NODES * len(text), "parts for skops")
    if skops.get_untrusted_types(data=data):
        raise ValueError("skops does not trust the losses")
    parts: list[Any] = skops.loads(data)
    return parts


def _nodes(node: Any) -> Iterator[dict[str, Any]]:
    """Yield the nodes of which skops would build objects."""
    if isinstance(node, dict):
        if "__module__" in node or "__loader__" in node or "__class__" in node:
            yield node
        node = list(node.values())
    if isinstance(node, list):
        for one in node:
            yield from _nodes(one)
