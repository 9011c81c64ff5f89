"""Formats of dates, and their encoding as numbers."""

from __future__ import annotations

import re
import warnings
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator

from sklearn_mtl.utils._optional import import_optional

__all__ = ["DateFeatures", "date_format", "other_than_dates"]

_TIMES = ("", " %H:%M", " %H:%M:%S")
# In American dates with slashes the month is first; with dots the day is always first.
# If no day is above 12, the first matching format is used unless the order is given.
_DAYS = (
    *("%Y/%m/%d", "%d.%m.%Y", "%m/%d/%Y", "%d/%m/%Y", "%d-%m-%Y", "%m-%d-%Y"),
    *("%d %b %Y", "%b %d, %Y", "%d %B %Y", "%B %d, %Y"),
)
_ISO = re.compile(r"\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}.*)?", re.ASCII)
_LOOKS_LIKE_DATE = re.compile(r"\d{1,4}[-/. ]|[A-Z][a-z]{2,8} \d", re.ASCII)
_FIRST = 100
# Formats that match the same strings if no day is above 12.
_SWAPPED = {
    "%m/%d/%Y": "%d/%m/%Y",
    "%d/%m/%Y": "%m/%d/%Y",
    "%d-%m-%Y": "%m-%d-%Y",
    "%m-%d-%Y": "%d-%m-%Y",
}


def date_format(texts: Any, day_first: bool | None = None) -> tuple[str, str] | None:
    """Return the common date format of all texts and the order, or None.

    The order is "" if the texts are unambiguous. Otherwise it is "day first" or "month
    first", given by `day_first`, or by common usage if it is None.

    Shapes: texts (n_observed,).
    """
    values = [str(value).strip() for value in texts.unique()]
    if not all(_LOOKS_LIKE_DATE.match(value) for value in values[:_FIRST]):
        return None
    if all(_ISO.fullmatch(value) for value in values):
        formats: tuple[str, ...] = ("ISO8601",)
    else:
        formats = tuple(day + time for day in _DAYS for time in _TIMES)
    for one in formats:
        # a few values rule out most formats
        if _fits(values[:_FIRST], one) and _fits(values, one):
            return _ordered(values, one, day_first)
    return None


def other_than_dates(texts: Any, most: int) -> list[str] | None:
    """Return the few values that are not dates in a column of dates, or None.

    Shapes: texts (n_observed,).
    """
    values = [str(value).strip() for value in texts.unique()]
    is_like = [_LOOKS_LIKE_DATE.match(value) is not None for value in values]
    if sum(is_like) < 0.8 * len(values):
        return None
    # the format that matches most of the first values that look like dates
    first = [value for value, one in zip(values, is_like, strict=True) if one][:_FIRST]
    formats = ("ISO8601", *(day + time for day in _DAYS for time in _TIMES))
    n_fits = [int(read_dates(_series(first), one).notna().sum()) for one in formats]
    best = formats[int(np.argmax(n_fits))]
    is_odd = read_dates(_series(values), best).isna()
    odd = [value for value, one in zip(values, is_odd, strict=True) if one]
    return odd if 0 < len(odd) <= min(most, len(values) / 5) else None


def _ordered(values: list[str], one: str, day_first: bool | None) -> tuple[str, str]:
    """Return the format and the order, if day and month may be swapped."""
    day, space, time = one.partition(" ")
    swapped = _SWAPPED.get(day, "") + space + time
    if day not in _SWAPPED or not _fits(values, swapped):
        return one, ""
    is_day_first = day.startswith("%d")
    if day_first is not None and day_first != is_day_first:
        one, is_day_first = swapped, day_first
    return one, "day first" if is_day_first else "month first"


def _fits(values: list[str], written: str) -> bool:
    return not read_dates(_series(values), written).isna().any()


def _series(values: list[str]) -> Any:
    import pandas as pd

    return pd.Series(values, dtype=object)


def read_dates(column: Any, written: str | None) -> Any:
    """Return dates without a time zone; NaT if a text does not match the format.

    Shapes: column (n_samples,).
    """
    import pandas as pd

    if written is not None and not pd.api.types.is_datetime64_any_dtype(column):
        texts = column.map(lambda value: str(value).strip(), na_action="ignore")
        # without utc=True, different offsets are an error
        column = pd.to_datetime(texts, format=written, errors="coerce", utc=True)
    elif not pd.api.types.is_datetime64_any_dtype(column):
        column = pd.to_datetime(column, errors="coerce", utc=True)
    if getattr(column.dt, "tz", None) is not None:
        column = column.dt.tz_convert("UTC").dt.tz_localize(None)
    return column


class DateFeatures(BaseEstimator):
    """Encode dates as year, month, day, weekday and seconds with skrub."""

    def __init__(self, written: str | None = None) -> None:
        self.written = written

    def fit(self, column: Any) -> DateFeatures:
        """Learn whether the dates have a time of day."""
        skrub = import_optional("skrub", extra="dates", who="a column of dates")
        self.encoder_ = skrub.DatetimeEncoder(add_weekday=True)
        self.encoder_.fit(read_dates(column, self.written))
        return self

    def transform(self, column: Any) -> np.ndarray:
        """Return numbers, NaN where the date is missing.

        Shapes: column (n_samples,) -> (n_samples, n_features_out).
        """
        dates = read_dates(column, self.written)
        broken = column[dates.isna() & column.notna()]
        if len(broken):
            warnings.warn(
                f"TableInputs: column {column.name!r} has {len(broken)} values that do "
                f"not have the date format of fit, such as {str(broken.iloc[0])!r}; "
                "they are treated as missing.",
                UserWarning,
                stacklevel=4,
            )
        return np.asarray(self.encoder_.transform(dates), dtype=np.float64)

    def get_feature_names_out(self, input_features: Any) -> list[str]:
        """Return the names of the encoded columns."""
        name = str(input_features[0])
        return [f"{name}__{part}" for part in self.encoder_.extracted_features_]
