"""Objects that are saved as a kind and the arguments of their constructor.

These objects have compiled parts, or a state that could be inconsistent. Their
constructors, which only receive numbers and strings, check the arguments.
"""

from __future__ import annotations

import functools
import re
import zoneinfo
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import scipy.stats
from scipy.interpolate import BSpline

from sklearn_mtl.persistence._private import (
    Frozen,
    FrozenContinuous,
    FrozenDiscrete,
    HalfTweedieLoss,
    HalfTweedieLossIdentity,
    ImputerTriplet,
)

__all__ = ["make_value", "take_value", "value_bytes"]

#: Bytes of a frozen distribution: SciPy creates functions for each.
DISTRIBUTION = 20_000

#: Time zones without a name, written as their offset from UTC.
OFFSET = re.compile(r"UTC([+-]\d\d:\d\d)?")


class Converter(NamedTuple):
    """Conversion of objects of one class to arguments and back."""

    cls: type
    #: Return the arguments, or None if they do not describe the object completely.
    take: Callable[[Any], list[Any] | None]
    make: Callable[..., Any]


def take_value(thing: Any) -> tuple[str, list[Any]] | None:
    """Return kind and arguments of an object, or None if it cannot be converted."""
    kind = KINDS.get(type(thing))
    arguments = None if kind is None else CONVERTERS[kind].take(thing)
    return None if kind is None or arguments is None else (kind, arguments)


def make_value(kind: str, arguments: list[Any]) -> Any:
    """Return the object of a kind with the given arguments."""
    if kind not in CONVERTERS:
        raise ValueError(f"unknown kind of value {kind!r}")
    return CONVERTERS[kind].make(*arguments)


def value_bytes(kind: str) -> int:
    """Return the memory in bytes of an object of a kind, without its arguments."""
    return DISTRIBUTION if kind in ("continuous", "discrete") else 0


def _take_timestamp(thing: pd.Timestamp) -> list[Any] | None:
    zone = None if thing.tz is None else str(thing.tz)
    if zone is not None and not _is_zone(zone):
        return None
    return [int(thing.asm8.astype(np.int64)), thing.unit, zone]


def _make_timestamp(number: int, unit: str, zone: str | None) -> Any:
    moment: Any = np.datetime64(number, unit)  # type: ignore[call-overload]
    plain = pd.Timestamp(moment)
    if zone is None:
        return plain
    if not _is_zone(zone):  # pandas would open any file that "dateutil/..." names
        raise ValueError(f"unknown time zone {zone!r}")
    return plain.tz_localize("UTC").tz_convert(zone)


def _is_zone(name: str) -> bool:
    is_named = bool(OFFSET.fullmatch(name))
    return is_named or name in _zones()


@functools.cache
def _zones() -> set[str]:
    """Return the names of all time zones, which are read from a folder only once."""
    return zoneinfo.available_timezones()


def _make_spline(t: Any, c: Any, k: int, extrapolate: Any, axis: int) -> BSpline:
    # BSpline would copy other arrays, which is not counted in the budget.
    if any(not isinstance(one, np.ndarray) or one.dtype != float for one in (t, c)):
        raise ValueError("the knots or coefficients of a spline are not float64 arrays")
    if axis != 0 or not (t.flags.c_contiguous and c.flags.c_contiguous):
        raise ValueError("the arrays of a spline are not C-contiguous along axis 0")
    return BSpline(t, c, k, extrapolate, axis)


def _take_frozen(thing: Any) -> list[Any] | None:
    """Return the name and the arguments of a frozen distribution."""
    name, numbers = thing.dist.name, [*thing.args, *thing.kwds.values()]
    own: Any = getattr(scipy.stats, name, None)
    if type(own) is not type(thing.dist) or not all(map(_is_numeric, numbers)):
        return None
    # A distribution with its own random generator would draw other numbers.
    if thing.random_state is not own.random_state:
        return None
    return [name, list(thing.args), dict(thing.kwds)]


def _make_frozen(name: str, args: list[Any], kwds: dict[str, Any]) -> Any:
    distribution = getattr(scipy.stats, name, None)
    generic = scipy.stats.rv_continuous | scipy.stats.rv_discrete
    if not isinstance(distribution, generic):
        raise ValueError(f"unknown distribution {name!r}")
    if not all(map(_is_numeric, [*args, *kwds.values()])):
        raise ValueError(f"the arguments of the distribution {name} are not numbers")
    frozen: Frozen = distribution(*args, **kwds)
    return frozen


def _is_numeric(thing: Any) -> bool:
    numbers = (int, float, np.number)
    return isinstance(thing, numbers) and not isinstance(thing, bool)


def _tweedie(cls: type) -> Converter:
    return Converter(
        cls, lambda loss: [loss.closs.power], lambda power: cls(power=power)
    )


def _frozen(cls: type) -> Converter:
    return Converter(cls, _take_frozen, _make_frozen)


CONVERTERS: dict[str, Converter] = {
    "timestamp": Converter(pd.Timestamp, _take_timestamp, _make_timestamp),
    "timedelta": Converter(
        pd.Timedelta,
        lambda thing: [int(thing.asm8.astype(np.int64)), thing.unit],
        lambda number, unit: pd.Timedelta(np.timedelta64(number, unit)),
    ),
    "period": Converter(
        pd.Period,
        lambda thing: [thing.ordinal, thing.freqstr],
        lambda ordinal, freq: pd.Period(ordinal=ordinal, freq=freq),
    ),
    "spline": Converter(
        BSpline,
        lambda thing: [thing.t, thing.c, thing.k, thing.extrapolate, thing.axis],
        _make_spline,
    ),
    "continuous": _frozen(FrozenContinuous),
    "discrete": _frozen(FrozenDiscrete),
    "tweedie": _tweedie(HalfTweedieLoss),
    "tweedie_identity": _tweedie(HalfTweedieLossIdentity),
    "imputer_triplet": Converter(
        ImputerTriplet, list, lambda *parts: ImputerTriplet(*parts)
    ),
}
KINDS = {converter.cls: kind for kind, converter in CONVERTERS.items()}
