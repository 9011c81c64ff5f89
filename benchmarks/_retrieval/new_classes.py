"""One embedding for classes that are not in the training images.

The net, and the weight of pixels relative to it, are chosen on additional classes that
are held out of the training images. The classes whose precision is reported are not
used for this choice.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
from sklearn.frozen import FrozenEstimator
from sklearn.preprocessing import FunctionTransformer

from benchmarks._retrieval.embeddings import FULL, TRUNK, SideBySide, fit_net
from benchmarks._retrieval.pictures import Split, draw_classes, is_held
from sklearn_mtl.modules import Augmentation
from sklearn_mtl.neighbors import NeighborRetriever

N_INNER, N_DRAWS = 2, 3  # classes of each task that a choice is made on, how often
WEIGHTS = np.linspace(0.0, 1.0, 11)  # of the net; the rest is that of the pixels
# If heads read the maps, these keep information that only other classes need. Shifts
# prevent the net from memorising positions.
MAPS = {**TRUNK, "hidden": None, "augmentation": Augmentation(shift=2)}
EPOCHS = {**FULL, "max_epochs": 12}
NETS = {"multi-task, shared": (TRUNK, FULL), "multi-task, maps": (MAPS, EPOCHS)}
SETTING = [NETS, N_INNER, N_DRAWS]
CHOSEN = "pixels and net, as chosen"


class Choice(NamedTuple):
    """A net, its weight, and the mean precision@1 that they were chosen for."""

    net: str
    weight: float
    precision: float


def retrievers_of(
    split: Split, n_tasks: int, seed: int
) -> tuple[list[dict[str, NeighborRetriever]], Choice]:
    """Return the embedding of each task, and the choice.

    The first `n_tasks` tasks have classes that are held out.
    """
    choice = choose(split, n_tasks, seed)
    nets = {name: _fit(split, name, seed) for name in NETS}
    weights = [1.0 - choice.weight, choice.weight]
    both = SideBySide([FunctionTransformer(), nets[choice.net]], weights).fit(None)
    shared = {"multi-task, maps": nets["multi-task, maps"], CHOSEN: both}
    single = [fit_net(split, [t], EPOCHS, seed, MAPS) for t in range(n_tasks)]
    by_task = [{"single-task, maps": net, **shared} for net in single]
    return [
        {name: NeighborRetriever(FrozenEstimator(one)) for name, one in own.items()}
        for own in by_task
    ], choice


def choose(split: Split, n_tasks: int, seed: int) -> Choice:
    """Return the net and weight that are best for classes held out once more."""
    rng = np.random.default_rng([seed, 1])
    draws = [draw_classes(split.y_train, n_tasks, N_INNER, rng) for _ in range(N_DRAWS)]
    tried = []
    for name in NETS:
        found = np.mean([_try(split, name, held, seed) for held in draws], axis=0)
        tried.append(Choice(name, float(WEIGHTS[found.argmax()]), float(found.max())))
    return max(tried, key=lambda choice: choice.precision)


def _try(split: Split, name: str, held: list[np.ndarray], seed: int) -> np.ndarray:
    """Return the mean precision@1 (n_weights,) over tasks, for classes not learnt."""
    X, y = split.X_train, split.y_train
    is_new = is_held(y, held)
    is_used = ~is_new.any(axis=1)
    rest = replace(split, X_train=X[is_used], y_train=y[is_used])
    net = _fit(rest, name, seed)
    asked = [(X[new], y[new, t]) for t, new in enumerate(is_new.T[: len(held)])]
    return np.mean([_precisions(net, *pictures) for pictures in asked], axis=0)


def _fit(split: Split, name: str, seed: int) -> Any:
    trunk, arguments = NETS[name]
    return fit_net(split, list(range(split.y_train.shape[1])), arguments, seed, trunk)


def _precisions(net: Any, X: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return precision@1 (n_weights,) of images that serve as queries and gallery."""
    pixels, learnt = (_cosines(part, X) for part in (FunctionTransformer(), net))
    nearest = [((1 - w) * pixels + w * learnt).argmax(axis=1) for w in WEIGHTS]
    return np.mean(y[np.array(nearest)] == y, axis=1)


def _cosines(part: Any, X: np.ndarray) -> np.ndarray:
    """Return cosines (n, n); the diagonal is below all other values."""
    rows = SideBySide([part]).fit(None).transform(X)
    cosines = rows @ rows.T
    np.fill_diagonal(cosines, -2.0)
    return cosines
