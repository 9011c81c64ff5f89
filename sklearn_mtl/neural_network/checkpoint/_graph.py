"""The state of a training as one file, with references to what a new fit makes anew.

Files of `save` stand for themselves. A checkpoint is put back into a net that has been
set up again from the same data, so it may refer to the net, its parts and the user's
functions by number, and holds no more than what training changes.
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
    """What is there when a training begins, after the same steps in every process.

    Parameters
    ----------
    things : sequence of object
        The net and its parts: what is referred to and not written.
    parts : object
        State with objects of any class, such as callbacks. What no file can hold, such
        as a lambda or an open file, is referred to as well; all classes are trusted.
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
            If the state has an object of a class that no training began with.
        """
        encoder = _StateEncoder(self.allowed, self.things)
        graph = {"things": self.names, "state": encoder.encode(state)}
        text = json.dumps(graph, separators=(",", ":"))
        return {_GRAPH: text.encode(), _ARRAYS: write_arrays(encoder.arrays)}

    def read(self, members: dict[str, bytes], budget: Budget) -> Any:
        """Return the state that `write` was given.

        Raises
        ------
        ValueError
            If this training began with other things.
        """
        graph = parse_json(members[_GRAPH], budget)
        if graph["things"] != self.names:
            raise ValueError("it belongs to a net or callbacks of other parts")
        arrays = read_arrays(members[_ARRAYS], budget)
        decoder = _StateDecoder(self.allowed, arrays, self.things, budget)
        return decoder.decode(graph["state"])


class _StateEncoder(Encoder):
    """Take a state apart, and refer to what was there before."""

    def __init__(self, allowed: Allowed, things: Sequence[Any]) -> None:
        super().__init__(allowed, training=True)
        self.things = list({id(thing): thing for thing in things}.values())
        self.numbers = {id(thing): number for number, thing in enumerate(self.things)}

    def _encode(self, thing: Any) -> Any:
        # before all else: a function that was there needs no name
        known = self.numbers.get(id(thing), len(self.things))
        is_there = known < len(self.things)
        return {"again": known} if is_there else super()._encode(thing)

    def _tensor(self, tensor: torch.Tensor) -> Any:
        node = super()._tensor(tensor)
        return node if tensor.is_cpu else {"placed": [str(tensor.device), node]}

    def _part(self, thing: Any) -> Any:
        """Return the arguments of a class that builds its objects, such as deque."""
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
    """Find out which things cannot be taken apart, and the classes of the others."""

    def __init__(self, things: Sequence[Any]) -> None:
        super().__init__(Allowed(), things)
        self.found: list[Any] = []
        self.trusted: dict[str, Any] = {}

    def _encode(self, thing: Any) -> Any:
        try:
            return super()._encode(thing)
        except Exception:  # whatever a class of the user's says that it cannot
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
    """Put a state together again."""

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
    """Return the module and name of a class or function, else of an object's class."""
    named = thing if hasattr(thing, "__qualname__") else type(thing)
    return f"{named.__module__}:{named.__qualname__}"
