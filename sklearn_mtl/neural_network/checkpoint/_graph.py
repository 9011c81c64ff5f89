"""Conversion of the state of training to the contents of a file.

A checkpoint is restored in a net that has been built again from the same data.
Therefore, unlike files of `save`, it refers to the net, its parts and the functions of
the user by number, and contains only the state that training changes.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import torch

from sklearn_mtl.persistence import (
    Allowed,
    Budget,
    Decoder,
    Encoder,
    parse_json,
    read_arrays,
    write_arrays,
)

__all__ = ["Surroundings"]

_GRAPH, _ARRAYS = "state.json", "arrays.safetensors"


class Surroundings:
    """Objects that exist before training starts, in the same order in every process.

    Parameters
    ----------
    things : sequence of object
        The net and its parts, which are referred to by number instead of being written.
    parts : object
        State with objects of any class, such as callbacks. All of these classes are
        trusted. Objects that cannot be written, such as a lambda or an open file, are
        referred to by number too.
    """

    def __init__(self, things: Sequence[Any], parts: Any) -> None:
        collector = _Collector(things)
        collector.encode(parts)
        self.things = [*collector.things, *collector.found]
        self.names = [_name(thing) for thing in self.things]
        self.allowed = Allowed(collector.trusted.values())

    def write(self, state: Any) -> dict[str, bytes]:
        """Return the contents of a file by name.

        Raises
        ------
        TypeError
            If the state contains an object of a class that did not occur before
            training.
        """
        encoder = _StateEncoder(self.allowed, self.things)
        graph = {"things": self.names, "state": encoder.encode(state)}
        text = json.dumps(graph, separators=(",", ":"))
        return {_GRAPH: text.encode(), _ARRAYS: write_arrays(encoder.arrays)}

    def read(self, members: dict[str, bytes], budget: Budget) -> Any:
        """Return the state that was passed to `write`.

        Raises
        ------
        ValueError
            If the objects before training differ.
        """
        graph = parse_json(members[_GRAPH], budget)
        if graph["things"] != self.names:
            raise ValueError("it belongs to a different net or different callbacks")
        arrays = read_arrays(members[_ARRAYS], budget)
        decoder = _StateDecoder(self.allowed, arrays, self.things, budget)
        return decoder.decode(graph["state"])


class _StateEncoder(Encoder):
    """Encode a state with references to objects that existed before training."""

    def __init__(self, allowed: Allowed, things: Sequence[Any]) -> None:
        super().__init__(allowed, training=True)
        self.things = list({id(thing): thing for thing in things}.values())
        self.numbers = {id(thing): number for number, thing in enumerate(self.things)}

    def _encode(self, thing: Any) -> Any:
        # first, because a known function may have no importable name
        known = self.numbers.get(id(thing), len(self.things))
        is_there = known < len(self.things)
        return {"again": known} if is_there else super()._encode(thing)

    def _tensor(self, tensor: torch.Tensor) -> Any:
        node = super()._tensor(tensor)
        return node if tensor.is_cpu else {"placed": [str(tensor.device), node]}

    def _part(self, thing: Any) -> Any:
        """Encode an object by the arguments of its class, such as a deque."""
        cls, way = type(thing), thing.__reduce_ex__(2)
        if not isinstance(way, tuple) or way[0] is not cls:
            raise self._error(f"an object of {_name(thing)}")
        state, items, pairs = (*way[2:], None, None, None)[:3]
        return {
            "built": [
                self._name(cls),
                self._items(way[1]),
                self.encode(state),
                self._items([] if items is None else list(items)),
                self._items([] if pairs is None else [list(pair) for pair in pairs]),
            ]
        }

    def _error(self, found: str) -> TypeError:
        return TypeError(f"{''.join(self.path)} is or has {found}")


class _Collector(_StateEncoder):
    """Collect the objects that cannot be encoded, and the classes of the others."""

    def __init__(self, things: Sequence[Any]) -> None:
        super().__init__(Allowed(), things)
        self.found: list[Any] = []
        self.trusted: dict[str, Any] = {}

    def _encode(self, thing: Any) -> Any:
        try:
            return super()._encode(thing)
        except Exception:  # custom classes may raise any error
            if not any(thing is one for one in self.found):
                self.found.append(thing)
            return None

    def _name(self, thing: Any) -> str:
        name = _name(thing)
        if not isinstance(thing, type) or self.trusted.get(name, thing) is not thing:
            return super()._name(thing)
        self.trusted[name] = thing
        return name


class _StateDecoder(Decoder):
    """Decode a state."""

    def __init__(
        self,
        allowed: Allowed,
        arrays: list[Any],
        things: Sequence[Any],
        budget: Budget,
    ) -> None:
        super().__init__(allowed, arrays, [], budget)
        self.things = list(things)

    def _make_placed(self, about: list[Any]) -> torch.Tensor:
        tensor = self.decode(about[1])
        placed: torch.Tensor = tensor.detach().to(about[0])
        placed.requires_grad_(tensor.requires_grad)
        if isinstance(tensor, torch.nn.Parameter):
            placed = torch.nn.Parameter(placed, requires_grad=tensor.requires_grad)
        self.things[-1] = placed
        return placed

    def _make_built(self, about: list[Any]) -> Any:
        at, (name, args, state, items, pairs) = self._number(), about
        thing = self.allowed.find(name)(*self._items(args))
        self.things[at] = thing
        known = self.decode(state)
        if hasattr(thing, "__setstate__"):
            thing.__setstate__(known)
        elif known is not None:
            vars(thing).update(known)
        for item in self._items(items):
            thing.append(item)
        for key, value in self._items(pairs):
            thing[key] = value
        return thing


def _name(thing: Any) -> str:
    """Return module and name of a class or function, or of the class of an object."""
    named = thing if hasattr(thing, "__qualname__") else type(thing)
    return f"{named.__module__}:{named.__qualname__}"
