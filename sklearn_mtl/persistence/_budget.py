"""How much memory a file may take to load, counted before it is allocated."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

__all__ = ["SPARE", "Budget", "json_bytes", "missing_bytes", "parse_json"]

#: What reading may need beyond twice the size of the file, in bytes. With imports and
#: what Python itself needs it stays below 50 MB.
SPARE = 36 * 2**20
#: Bytes of Python objects for each of [ { , and : in JSON, measured for lists and
#: dictionaries, both as they are parsed and as what is made of them.
NODE = 100
#: For the manifest and a few small things.
MARGIN = 2**20


class Budget:
    """The memory that a load may still allocate, of all that it makes.

    Parameters
    ----------
    size : int
        Of the file, in bytes.
    """

    def __init__(self, size: int) -> None:
        self.left = 2 * size + SPARE

    def take(self, n_bytes: int, what: str) -> None:
        """Count what is about to be allocated; raise ValueError if it is too much."""
        if n_bytes > self.left:
            raise ValueError(
                f"{what} would take {n_bytes} bytes, and {self.left} are left of twice "
                "the file and 50 MB"
            )
        self.left -= n_bytes

    @contextmanager
    def briefly(self, n_bytes: int, what: str) -> Iterator[None]:
        """Count what is freed at the end."""
        self.take(n_bytes, what)
        yield
        self.left += n_bytes


def json_bytes(text: bytes) -> int:
    """Return how many bytes parsing a text and what is made of it may take."""
    # A text with one character from another plane has four bytes for each.
    width = 4 if b"\\u" in text else 1
    return NODE * sum(map(text.count, (b"[", b"{", b",", b":"))) + width * len(text)


def parse_json(text: bytes, budget: Budget) -> Any:
    """Return what a text says; a line of brackets is a hundred times its size."""
    if not text.isascii():  # so json writes it, and so a character is a byte
        raise ValueError("JSON with characters beyond ASCII")
    budget.take(json_bytes(text), "JSON")
    return json.loads(text)


def missing_bytes(size: int, texts: list[bytes], other: int, making: int) -> int:
    """Return by how many bytes a file is too small to be loaded within its budget.

    Parameters
    ----------
    size : int
        Of the file without padding.
    texts : list of bytes
        Its JSON.
    other : int
        Size of its other contents.
    making : int
        What putting it together takes beyond that.
    """
    needed = sum(2 * len(text) + json_bytes(text) for text in texts)
    needed += other + max(other, making) + MARGIN
    return max(0, -(-(needed - SPARE) // 2) - size)
