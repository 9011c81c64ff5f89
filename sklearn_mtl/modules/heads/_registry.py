"""Registry of the heads by name."""

from __future__ import annotations

from typing import Any

from sklearn_mtl.modules.heads._feedback import FeedbackHead
from sklearn_mtl.modules.heads._mlp import MLPHead
from sklearn_mtl.modules.heads._spec import HeadSpec, LinearHead
from sklearn_mtl.utils._specs import read_spec

__all__ = ["HEADS", "read_head"]

HEADS: dict[str, type[HeadSpec]] = {
    "feedback": FeedbackHead,
    "linear": LinearHead,
    "mlp": MLPHead,
}


def read_head(head: Any, who: str) -> HeadSpec:
    """Return the spec for the parameter `head`, which is a name or a spec."""
    return read_spec(
        head, HEADS, HeadSpec, argument="head", example="MLPHead()", who=who
    )
