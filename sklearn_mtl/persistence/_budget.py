"""Memory budget of loading a file, checked before memory is allocated."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

__all__ = ["SPARE", "Budget", "json_bytes", "missing_bytes", "parse_json"]

#: Bytes that loading may allocate in addition to twice the size of the file. Together
#: with imports and the needs of Python itself, this remains below 50 MB.
SPARE = 36 * 2**20
#: Bytes of Python objects for each [ { , or : in JSON, measured for lists and
#: dictionaries: the parsed objects and the objects that are built from them.
NODE = 100
#: Bytes for the manifest and other small objects.
MARGIN = 2**20


class Budget:
    """Memory that loading a file may still allocate.

    Parameters
    ----------
    size : int
        Size of the file in bytes.
    """

    def __init__(self, size: int) -> None:
        self.left = 2 * size + SPARE

    def take(self, n_bytes: int, what: str) -> None:
        """Reserve memory that will be allocated, or raise ValueError."""
        if n_bytes > self.left:
            raise ValueError(
                f"{what} needs {n_bytes} bytes of memory, but only {self.left} bytes "
                "remain of the limit for a file of this size"
            )
        self.left -= n_bytes

    @contextmanager
    def briefly(self, n_bytes: int, what: str) -> Iterator[None]:
        """Reserve memory that is freed at the end of the context."""
        self.take(n_bytes, what)
        yield
        self.left += n_bytes


def json_bytes(text: bytes) -> int:
    """Return the memory in bytes to parse JSON and to build objects from it."""
    # Python stores four bytes per character if one is outside of the basic plane.
    width = 4 if b"\\u" in text else 1
    return NODE * sum(map(text.count, (b"[", b"{", b",", b":"))) + width * len(text)


def parse_json(text: bytes, budget: Budget) -> Any:
    """Parse JSON within the budget: brackets need a hundred times their size."""
    if not text.isascii():  # json.dumps escapes all others, so a character is a byte
        raise ValueError("the JSON contains characters that are not ASCII")
    budget.take(json_bytes(text), "JSON")
    return json.loads(text)


def missing_bytes(size: int, texts: list[bytes], other: int, making: int) -> int:
    """Return the padding in bytes that a file needs to be loaded within its budget.

    Parameters
    ----------
    size : int
        Size of the file without padding, in bytes.
    texts : list of bytes
        JSON members of the file.
    other : int
        Size of the other members.
    making : int
        Number of bytes that loading allocates in addition to the members.
    """
    needed = sum(2 * len(text) + json_bytes(text) for text in texts)
    needed += other + max(other, making) + MARGIN
    return max(0, -(-(needed - SPARE) // 2) - size)
