"""Objects that a file has as a kind and a few arguments, and how each is made again.

They have compiled parts or a state that could be nonsense. Made by their own
constructors, from numbers and texts only, they are as their packages check them.
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

#: Of a distribution with its arguments: SciPy makes functions for each.
DISTRIBUTION = 20_000

#: Zones without a name, by their distance from UTC.
OFFSET = re.compile(r"UTC([+-]\d\d:\d\d)?")


class Way(NamedTuple):
    """How objects of one class become arguments and are made of them."""

    cls: type
    #: The arguments, None where they do not say everything.
    take: Callable[[Any], list[Any] | None]
    make: Callable[..., Any]


def take_value(thing: Any) -> tuple[str, list[Any]] | None:
    """Return kind and arguments of an object, None if it has to go another way."""
    kind = KINDS.get(type(thing))
    arguments = None if kind is None else WAYS[kind].take(thing)
    return None if kind is None or arguments is None else (kind, arguments)


def make_value(kind: str, arguments: list[Any]) -> Any:
    """Return the object of a kind."""
    if kind not in WAYS:
        raise ValueError(f"unknown value {kind!r}")
    return WAYS[kind].make(*arguments)


def value_bytes(kind: str) -> int:
    """Return how much memory an object of a kind takes beside its arguments."""
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
    if not _is_zone(zone):  # pandas would read any file for "dateutil/..."
        raise ValueError(f"a time zone {zone!r}")
    return plain.tz_localize("UTC").tz_convert(zone)


def _is_zone(name: str) -> bool:
    is_named = bool(OFFSET.fullmatch(name))
    return is_named or name in _zones()


@functools.cache
def _zones() -> set[str]:
    """Return the names of all zones, which are read from a folder."""
    return zoneinfo.available_timezones()


def _make_spline(t: Any, c: Any, k: int, extrapolate: Any, axis: int) -> BSpline:
    # No copy is made of these, however many splines refer to the same.
    if any(not isinstance(one, np.ndarray) or one.dtype != float for one in (t, c)):
        raise ValueError("a spline of no numbers")
    if axis != 0 or not (t.flags.c_contiguous and c.flags.c_contiguous):
        raise ValueError("a spline whose numbers are not in order")
    return BSpline(t, c, k, extrapolate, axis)


def _take_frozen(thing: Any) -> list[Any] | None:
    """Return name and arguments of a distribution with its arguments."""
    name, numbers = thing.dist.name, [*thing.args, *thing.kwds.values()]
    own: Any = getattr(scipy.stats, name, None)
    if type(own) is not type(thing.dist) or not all(map(_is_numeric, numbers)):
        return None
    # One with a generator of its own draws other numbers.
    if thing.random_state is not own.random_state:
        return None
    return [name, list(thing.args), dict(thing.kwds)]


def _make_frozen(name: str, args: list[Any], kwds: dict[str, Any]) -> Any:
    distribution = getattr(scipy.stats, name, None)
    generic = scipy.stats.rv_continuous | scipy.stats.rv_discrete
    if not isinstance(distribution, generic):
        raise ValueError(f"a distribution {name!r}")
    if not all(map(_is_numeric, [*args, *kwds.values()])):
        raise ValueError(f"arguments of {name} that are no numbers")
    frozen: Frozen = distribution(*args, **kwds)
    return frozen


def _is_numeric(thing: Any) -> bool:
    numbers = (int, float, np.number)
    return isinstance(thing, numbers) and not isinstance(thing, bool)


def _tweedie(cls: type) -> Way:
    return Way(cls, lambda loss: [loss.closs.power], lambda power: cls(power=power))


def _frozen(cls: type) -> Way:
    return Way(cls, _take_frozen, _make_frozen)


WAYS: dict[str, Way] = {
    "timestamp": Way(pd.Timestamp, _take_timestamp, _make_timestamp),
    "timedelta": Way(
        pd.Timedelta,
        lambda thing: [int(thing.asm8.astype(np.int64)), thing.unit],
        lambda number, unit: pd.Timedelta(np.timedelta64(number, unit)),
    ),
    "period": Way(
        pd.Period,
        lambda thing: [thing.ordinal, thing.freqstr],
        lambda ordinal, freq: pd.Period(ordinal=ordinal, freq=freq),
    ),
    "spline": Way(
        BSpline,
        lambda thing: [thing.t, thing.c, thing.k, thing.extrapolate, thing.axis],
        _make_spline,
    ),
    "continuous": _frozen(FrozenContinuous),
    "discrete": _frozen(FrozenDiscrete),
    "tweedie": _tweedie(HalfTweedieLoss),
    "tweedie_identity": _tweedie(HalfTweedieLossIdentity),
    "imputer_triplet": Way(ImputerTriplet, list, lambda *parts: ImputerTriplet(*parts)),
}
KINDS = {way.cls: kind for kind, way in WAYS.items()}
