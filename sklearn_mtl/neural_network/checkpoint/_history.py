"""Conversion of the history of a training to text and back."""

from __future__ import annotations

import json
from typing import Any

__all__ = ["HistoryWriter", "read_history"]


class HistoryWriter:
    """Store the text of past epochs, so that each epoch is converted only once.

    Past epochs do not change, because `record` of skorch writes to the last epoch only.
    """

    def __init__(self) -> None:
        self._past: list[str] = []

    def write(self, history: list[Any]) -> dict[str, Any]:
        """Return past epochs as texts, and the remaining ones unchanged."""
        while len(self._past) < len(history) - 1:
            epoch = history[len(self._past)]
            if not _is_plain(epoch):  # this epoch and all later ones stay objects
                break
            self._past.append(json.dumps(epoch))
        return {"past": self._past, "rest": history[len(self._past) :]}


def read_history(state: dict[str, Any]) -> list[Any]:
    """Return the history that was passed to `HistoryWriter.write`."""
    return [json.loads(text) for text in state["past"]] + state["rest"]


def _is_plain(value: Any) -> bool:
    """Return whether JSON preserves the value and its types."""
    if type(value) is list:
        return all(map(_is_plain, value))
    if type(value) is dict:
        is_text = all(type(key) is str for key in value)
        return is_text and all(map(_is_plain, value.values()))
    return value is None or type(value) in (bool, float, int, str)
