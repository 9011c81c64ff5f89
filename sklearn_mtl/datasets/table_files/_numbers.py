"""Decimal marks and thousands separators of numbers in text files."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from sklearn_mtl.datasets.table_files._missing import NONE
from sklearn_mtl.datasets.table_files._options import FileOptions, UnreadableError

__all__ = ["Marks", "read_grouped"]

_SPACES = " \u00a0\u202f\u2009'\u2019"
_NUMBER = re.compile(
    rf"[-+]?(?:\d[\d{_SPACES}]*)?(?:[.,]\d[\d.,{_SPACES}]*)?(?:[eE][-+]?\d+)?"
)
_GROUPED = re.compile(rf"[-+]?\d{{1,3}}(?:([.,{_SPACES}])\d{{3}}(?:\1\d{{3}})*)?")


@dataclass
class Marks:
    """Decimal marks that occur in the numbers of a table.

    Attributes
    ----------
    sure : dict of str to str
        For "." and ",", a number that can only be read with this decimal mark.
    unsure : dict of str to str
        For "." and ",", a number in which it may be a decimal mark or a thousands
        separator.
    is_mixed : bool
        Whether a column has integers without separator and numbers that are grouped
        like thousands, such as 950 and 1.234. It is then unlikely that the point is a
        decimal mark, because all fractions would have three decimals.
    """

    sure: dict[str, str] = field(default_factory=dict)
    unsure: dict[str, str] = field(default_factory=dict)
    is_mixed: bool = False

    def look(self, frame: Any) -> None:
        """Record the decimal marks in columns of texts that are all numbers."""
        for name in frame.columns:
            column = frame[name].dropna()
            if column.dtype.kind in "biufcmM":
                continue
            values = [str(value).strip() for value in column[column != NONE].unique()]
            if values and all(map(_is_number, values)):
                self._look(values)

    def _look(self, values: Iterable[str]) -> None:
        found = {value: _decimal_mark(value) for value in values}
        if None in found.values():  # not a number, such as 01.02.2020
            return
        verdicts = {value: one for value, one in found.items() if one is not None}
        for value, (mark, is_sure) in verdicts.items():
            if mark:
                (self.sure if is_sure else self.unsure).setdefault(mark, value)
        self.is_mixed |= set(verdicts.values()) == {("", True), (".", False)}

    def decide(self, sep: str, options: FileOptions) -> str:
        """Return the decimal mark, and raise if it is ambiguous."""
        if options.decimal is not None:
            return options.decimal
        if len(self.sure) == 2:
            raise UnreadableError(
                f"the numbers {self.sure['.']!r} and {self.sure[',']!r} have "
                f"different decimal marks; {_ask(options)}"
            )
        if self.sure:
            return next(iter(self.sure))
        # A point is usually a decimal point. It may be a thousands separator if columns
        # are separated by semicolons, as in countries with decimal commas.
        if "," in self.unsure or ("." in self.unsure and (sep == ";" or self.is_mixed)):
            value = self.unsure.get(",") or self.unsure["."]
            plain = re.sub(r"[.,]", "", value)
            raise UnreadableError(
                f"the number {value!r} is ambiguous: it may mean {plain} or "
                f"{value.replace(',', '.')}; {_ask(options)}"
            )
        return "."


def _ask(options: FileOptions) -> str:
    return f"use {options.say('decimal', '.')} or {options.say('decimal', ',')}"


def _is_number(value: str) -> bool:
    return any(map(str.isdigit, value)) and _NUMBER.fullmatch(value) is not None


def _decimal_mark(value: str) -> tuple[str, bool] | None:
    """Return the decimal mark of a number, or "", and whether it is unambiguous.

    Return None if the text is not a number with either decimal mark.
    """
    mantissa, _, exponent = value.lower().partition("e")
    digits = re.sub(rf"[-+{_SPACES}]", "", mantissa)
    marks = re.sub(r"\d", "", digits)
    if not marks:
        return "", True
    last, other = marks[-1], "," if marks[-1] == "." else "."
    if len(marks) > 1 and marks.count(last) == 1:  # 1.234.567,8
        whole, _, _ = digits.rpartition(last)
        return (last, True) if _is_grouped(whole, other) else None
    if len(marks) > 1:  # 1.234.567
        return (other, True) if _is_grouped(digits, last) else None
    whole, _, decimals = digits.partition(last)
    is_group = len(decimals) == 3 and 1 <= len(whole) <= 3 and whole[0] != "0"
    return last, bool(exponent) or not is_group or mantissa.lstrip("-+") != digits


def _is_grouped(whole: str, separator: str) -> bool:
    found = _GROUPED.fullmatch(whole)
    return found is not None and found.group(1) in (separator, None)


def read_grouped(column: Any, decimal: str) -> Any:
    """Convert a column of texts to numbers, if all are numbers in this format.

    Shapes: column (n_samples,).
    """
    import pandas as pd

    if column.dtype.kind in "biufcmM":
        return column
    texts = {
        value: _number(str(value).strip(), decimal)
        for value in column[column != NONE].dropna().unique()
    }
    if not texts or None in texts.values():
        return column
    is_whole = all(isinstance(value, int) for value in texts.values())
    values = column.map(texts)
    has_gap = bool(values.isna().any())
    return pd.to_numeric(values.astype(object)).astype(
        np.int64 if is_whole and not has_gap else np.float64
    )


def _number(value: str, decimal: str) -> int | float | None:
    """Return a number that may have thousands separators, or None."""
    if not _is_number(value):
        return None
    whole, mark, decimals = value.partition(decimal)
    grouped = _GROUPED.fullmatch(whole)
    if grouped is not None and grouped.group(1) not in (None, decimal):
        whole = whole.replace(grouped.group(1), "")
    plain = f"{whole}.{decimals}" if mark else whole
    try:
        return float(plain) if mark else int(plain)
    except ValueError:
        return None
