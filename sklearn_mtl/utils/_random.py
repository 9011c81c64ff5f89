"""Seeds that do not use NumPy's global generator."""

from __future__ import annotations

import threading

import numpy as np

from sklearn_mtl.utils._typing import Seed

__all__ = ["TORCH_GENERATOR", "draw_seed", "spawn_seeds"]

# Lock to hold while torch's global generator is used for code that supports no other,
# until its state is restored. Otherwise, another thread would restore a wrong state.
TORCH_GENERATOR = threading.Lock()

_LARGEST = 2**31 - 1


def draw_seed(random_state: Seed) -> int:
    """Return an integer seed."""
    if random_state is None:
        return int(np.random.SeedSequence().generate_state(1)[0]) & _LARGEST
    if isinstance(random_state, int | np.integer):
        return int(random_state)
    if isinstance(random_state, np.random.RandomState):
        return int(random_state.randint(_LARGEST))
    if isinstance(random_state, np.random.Generator):
        return int(random_state.integers(_LARGEST))
    raise ValueError(
        f"random_state must be None, an int, a RandomState or a Generator; got "
        f"{random_state!r}."
    )


def spawn_seeds(seed: int, n_seeds: int, stream: int = 0) -> list[int]:
    """Return independent seeds; the first k do not depend on n_seeds."""
    parent = np.random.SeedSequence(seed, spawn_key=(stream,))
    children = parent.spawn(n_seeds)
    return [int(child.generate_state(1, np.uint64)[0]) >> 1 for child in children]
