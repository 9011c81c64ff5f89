"""Words that stand for a missing value, told where they may be values of a column."""

from __future__ import annotations

from typing import Any

from sklearn_mtl.datasets.table_files._options import FileOptions

__all__ = ["NONE", "count_words", "missing_words", "tell_words"]

# Those of pandas but for "None", which is a class as often as a gap.
_WORDS = {
    *("", "NA", "N/A", "n/a", "#N/A", "#N/A N/A", "#NA", "<NA>", "NULL", "null"),
    *("NaN", "nan", "-NaN", "-nan", "1.#IND", "-1.#IND", "1.#QNAN", "-1.#QNAN"),
}
#: Missing among numbers, where it can be nothing else; otherwise a text.
NONE = "None"
_MOST = 3


def missing_words(options: FileOptions) -> list[str]:
    """Return all values that stand for a missing one."""
    return sorted(_WORDS.difference(options.not_missing).union(options.missing))


def count_words(column: Any, options: FileOptions) -> dict[str, int]:
    """Return how often a column of texts has each word that nobody named.

    Shapes: column (n_samples,).
    """
    told = _WORDS.difference(options.not_missing, options.missing, [""])
    counts = column[column.isin(list(told))].value_counts()
    return {str(word): int(n) for word, n in counts.items()}


def tell_words(found: dict[str, dict[str, int]], options: FileOptions) -> list[str]:
    """Return a note for each word that was read as missing, given counts by column."""
    notes = []
    words = dict.fromkeys(word for counts in found.values() for word in counts)
    for word in words:
        names = [name for name, counts in found.items() if word in counts]
        n = sum(found[name][word] for name in names)
        where = ", ".join(names) if len(names) <= _MOST else f"{len(names)} columns"
        keep = options.say("not_missing", word)
        notes.append(f"{n} {word!r} in {where} read as missing ({keep} keeps them)")
    return notes
