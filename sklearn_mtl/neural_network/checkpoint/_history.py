"""The history of a training, of which past epochs are turned into text once."""

from __future__ import annotations

import json
from typing import Any

__all__ = ["HistoryWriter", "read_history"]


class HistoryWriter:
    """Keep the text of past epochs, so that late writes are as fast as early ones.

    skorch, and callbacks by its `record`, write to the last epoch alone.
    """

    def __init__(self) -> None:
        self._past: list[str] = []

    def write(self, history: list[Any]) -> dict[str, Any]:
        """Return texts of past epochs, and the rest as it is."""
        while len(self._past) < len(history) - 1:
            epoch = history[len(self._past)]
            if not _is_plain(epoch):  # and none that comes after it
                break
            self._past.append(json.dumps(epoch))
        return {"past": self._past, "rest": history[len(self._past) :]}


def read_history(state: dict[str, Any]) -> list[Any]:
    """Return what `HistoryWriter.write` was given."""
    return [json.loads(text) for text in state["past"]] + state["rest"]


def _is_plain(value: Any) -> bool:
    """Return whether JSON gives the same value back, types included."""
    if type(value) is list:
        return all(map(_is_plain, value))
    if type(value) is dict:
        is_text = all(type(key) is str for key in value)
        return is_text and all(map(_is_plain, value.values()))
    return value is None or type(value) in (bool, float, int, str)
