"""Options for reading a file, and their names in Python and on the command line."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable
from dataclasses import dataclass

__all__ = ["FileOptions", "UnreadableError"]

_NAMED_SEPARATORS = {"\\t": "\t", "tab": "\t", "space": " "}
_DECIMALS = (".", ",")


class UnreadableError(ValueError):
    """Error for a file that cannot be read as a table, without the file's name."""


@dataclass(frozen=True)
class FileOptions:
    """Format of a file, with None for properties to infer.

    Attributes
    ----------
    sep : str or None
        Separator of the columns of a text file: one character, "tab" or "space".
    decimal : {".", ","} or None
        Decimal mark of a text file.
    encoding : str or None
        Encoding of a text file.
    missing : sequence of str
        Values that mean a missing value, in addition to empty fields, NA, NaN and
        similar words.
    not_missing : sequence of str
        Words, such as NA, that do not mean a missing value.
    texts : sequence of str
        Columns to read as text, even if they contain numbers or truth values.
    sheet : str or None
        Name of a sheet of an Excel file; None reads the first sheet that is not empty.
    on_command_line : bool
        Whether messages name options (--sep) instead of arguments (sep=).
    """

    sep: str | None = None
    decimal: str | None = None
    encoding: str | None = None
    missing: tuple[str, ...] = ()
    on_command_line: bool = False
    not_missing: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()
    sheet: str | None = None

    def say(self, name: str, *values: str) -> str:
        """Return the text by which a user sets an option to these values."""
        if self.on_command_line:
            shown = " ".join(_quoted(value) for value in values)
            return f"--{name.replace('_', '-')} {shown}".rstrip()
        is_list = name in ("targets", "drop", "keep", "missing", "not_missing")
        return f"{name}={list(values)!r}" if is_list else f"{name}={values[0]!r}"

    @staticmethod
    def quoted(value: str) -> str:
        """Return a value with quotes for the shell, if it needs them."""
        return _quoted(value)

    @property
    def separator(self) -> str | None:
        """Return the separator as one character."""
        if self.sep is None:
            return None
        sep = _NAMED_SEPARATORS.get(self.sep, self.sep)
        if len(sep) != 1 or sep in '\r\n"':
            raise ValueError(
                f"{self.say('sep', self.sep)} is not valid; the separator must be one "
                "character, tab or space."
            )
        return sep

    def check(self) -> None:
        """Check the options.

        Raises
        ------
        ValueError
            If the separator, the decimal mark or the encoding is not valid.
        """
        _ = self.separator
        if self.decimal is not None and self.decimal not in _DECIMALS:
            raise ValueError(
                f"{self.say('decimal', self.decimal)} is not valid; the decimal mark "
                "must be '.' or ','."
            )
        if self.encoding is not None:
            try:
                codecs.lookup(self.encoding)
            except LookupError:
                raise ValueError(
                    f"{self.say('encoding', self.encoding)} is not an encoding of "
                    "Python, such as utf-8, cp1252 (Western Europe), cp1250 (Central "
                    "Europe), cp1251 (Cyrillic), shift_jis or utf-16."
                ) from None


def _quoted(value: str) -> str:
    """Return a value with quotes, if it needs them."""
    # values without any letter or digit are also quoted, to stand out in a sentence
    is_plain = re.fullmatch(r"[\w./-]*\w[\w./-]*|-\d+", value)
    return value if is_plain else f"'{value}'"


def listed(names: Iterable[str], most: int = 20, what: str = "columns") -> str:
    """Return names separated by commas; long lists are cut, with their length."""
    names = list(names)
    more = f", ... ({len(names)} {what})" if len(names) > most else ""
    return ", ".join(names[:most]) + more
