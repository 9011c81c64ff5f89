"""What the caller says about a file, in the words of Python or of the command line."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable
from dataclasses import dataclass

__all__ = ["FileOptions", "UnreadableError"]

_NAMED_SEPARATORS = {"\\t": "\t", "tab": "\t", "space": " "}
_DECIMALS = (".", ",")


class UnreadableError(ValueError):
    """A file is no table; the message is a sentence without the name of the file."""


@dataclass(frozen=True)
class FileOptions:
    """How a file is written; None where the reader has to find out.

    Attributes
    ----------
    sep : str or None
        What separates the columns of text: one character, "tab" or "space".
    decimal : {".", ","} or None
        What begins the decimals of a number.
    encoding : str or None
        Name of the encoding of text.
    missing : sequence of str
        Values that stand for a missing one, besides empty fields, NA, NaN and such.
    not_missing : sequence of str
        Words such as NA that are texts.
    texts : sequence of str
        Columns of texts, also where the file has numbers or truth values in them.
    sheet : str or None
        Name of a sheet of an Excel file; None for the first that is not empty.
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
        """Return how a user gives an option these values."""
        if self.on_command_line:
            shown = " ".join(_quoted(value) for value in values)
            return f"--{name.replace('_', '-')} {shown}".rstrip()
        is_list = name in ("targets", "drop", "keep", "missing", "not_missing")
        return f"{name}={list(values)!r}" if is_list else f"{name}={values[0]!r}"

    @staticmethod
    def quoted(value: str) -> str:
        """Return a value as a shell takes it."""
        return _quoted(value)

    @property
    def separator(self) -> str | None:
        """The separator as one character."""
        if self.sep is None:
            return None
        sep = _NAMED_SEPARATORS.get(self.sep, self.sep)
        if len(sep) != 1 or sep in '\r\n"':
            raise ValueError(
                f"{self.say('sep', self.sep)} is no separator: one character is, or "
                "tab, or space."
            )
        return sep

    def check(self) -> None:
        """Refuse options that fit no file.

        Raises
        ------
        ValueError
            If the separator, the decimal mark or the encoding is none.
        """
        _ = self.separator
        if self.decimal is not None and self.decimal not in _DECIMALS:
            raise ValueError(
                f"{self.say('decimal', self.decimal)} is no decimal mark: allowed are "
                "'.' and ','."
            )
        if self.encoding is not None:
            try:
                codecs.lookup(self.encoding)
            except LookupError:
                raise ValueError(
                    f"{self.say('encoding', self.encoding)} is no encoding that Python "
                    "knows: utf-8, cp1252 (Western Europe), cp1250 (Central Europe), "
                    "cp1251 (Cyrillic), shift_jis and utf-16 are some."
                ) from None


def _quoted(value: str) -> str:
    """Return a value as a shell takes it."""
    # marks alone would be lost in a sentence
    is_plain = re.fullmatch(r"[\w./-]*\w[\w./-]*|-\d+", value)
    return value if is_plain else f"'{value}'"


def listed(names: Iterable[str], most: int = 20, what: str = "columns") -> str:
    """Return names with commas between them, and their number where there are many."""
    names = list(names)
    more = f", ... ({len(names)} {what})" if len(names) > most else ""
    return ", ".join(names[:most]) + more
