"""Words that mean a missing value, and notes where they were read as such."""

from __future__ import annotations

from typing import Any

from sklearn_mtl.datasets.table_files._options import FileOptions

__all__ = ["NONE", "count_words", "missing_words", "tell_words"]

# The words of pandas without "None", which is as often a class as a missing value.
_WORDS = {
    *("", "NA", "N/A", "n/a", "#N/A", "#N/A N/A", "#NA", "<NA>", "NULL", "null"),
    *("NaN", "nan", "-NaN", "-nan", "1.#IND", "-1.#IND", "1.#QNAN", "-1.#QNAN"),
}
#: Word that means a missing value in numeric columns, and is a text in other columns.
NONE = "None"
_MOST = 3


def missing_words(options: FileOptions) -> list[str]:
    """Return all values that mean a missing value."""
    return sorted(_WORDS.difference(options.not_missing).union(options.missing))


def count_words(column: Any, options: FileOptions) -> dict[str, int]:
    """Return the counts of words in a text column that no option mentions.

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
        notes.append(f"{n} {word!r} in {where} read as missing (use {keep} to keep)")
    return notes
