"""Real tables and their splits."""

from __future__ import annotations

import zlib
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks._npz import load_npz

SETS = (
    "mtr_enb",
    "mtr_atp1d",
    "ml_emotions",
    "student_por_mixed",
    "mtr_wq",
    "ctg_2task",
    "mdc_thyroid",
    "mtr_scm20d",
    "adult_3task",
    "ml_yeast",
    "usps_digit_parity",
    "tox21",
)
TRAIN_SHARE, MAX_TRAIN, MAX_TEST = 0.7, 3000, 6000


@dataclass(frozen=True)
class Table:
    """Inputs and targets of one real problem.

    X (n_samples, n_features) holds codes where `categorical`; y (n_samples, n_tasks)
    holds class codes and values; NaN is missing in both.
    """

    name: str
    X: np.ndarray
    y: np.ndarray
    kinds: tuple[str, ...]
    n_classes: tuple[int, ...]
    task_names: tuple[str, ...]
    categorical: np.ndarray
    groups: np.ndarray | None

    def frame(self, rows: np.ndarray) -> pd.DataFrame:
        """Return samples of X as a DataFrame: codes have the dtype category."""
        frame = pd.DataFrame(self.X[rows])
        chosen = np.flatnonzero(self.categorical)
        return frame.astype(dict.fromkeys(chosen.tolist(), "category"))

    @property
    def problem(self) -> str:
        """One of "classification", "regression" and "mixed"."""
        found = {kind == "regression" for kind in self.kinds}
        if len(found) == 2:
            return "mixed"
        return "regression" if found == {True} else "classification"


@dataclass(frozen=True)
class Split:
    """Training and test samples."""

    train: np.ndarray
    test: np.ndarray


@cache
def load_table(name: str, folder: str) -> Table:
    """Read one table."""
    bunch = load_npz(Path(folder) / f"{name}.npz")
    groups = bunch.groups
    if groups is not None:
        groups = np.unique(groups, return_inverse=True)[1]
    return Table(
        name=name,
        X=bunch.data.astype(np.float64),
        y=bunch.target.astype(np.float64),
        kinds=tuple(bunch.task_types),
        n_classes=tuple(int(k) for k in bunch.n_classes),
        task_names=tuple(bunch.task_names),
        categorical=np.asarray(bunch.categorical, dtype=bool),
        groups=groups,
    )


def rng_for(name: str, *numbers: int) -> np.random.Generator:
    """Return the generator of a table and some numbers."""
    return np.random.default_rng([zlib.crc32(name.encode()), *numbers])


def split_rows(table: Table, seed: int, max_train: int = MAX_TRAIN) -> Split:
    """Draw 70 % of the samples for training, up to the caps.

    A group is on one side.
    """
    rng = rng_for(table.name, seed)
    first, second = _cut(table, np.arange(len(table.y)), [TRAIN_SHARE], rng)
    return Split(_cap(first, max_train, rng), _cap(second, MAX_TEST, rng))


def inner_split(table: Table, train: np.ndarray, seed: int, fold: tuple) -> Split:
    """Split the training samples: part i of n is held out."""
    i, n_parts = fold
    rng = rng_for(table.name, seed, n_parts)
    parts = _cut(table, train, [k / n_parts for k in range(1, n_parts)], rng)
    rest = np.concatenate([part for k, part in enumerate(parts) if k != i])
    return Split(rest, parts[i])


def hide_labels(table: Table, fraction: float, seed: int) -> Table:
    """Return the table with a share of the labels missing at random."""
    if fraction == 0.0:
        return table
    drawn = rng_for(table.name, seed, round(1e6 * fraction)).random(table.y.shape)
    return replace(table, y=np.where(drawn < fraction, np.nan, table.y))


def _cut(
    table: Table, rows: np.ndarray, shares: list[float], rng: np.random.Generator
) -> list[np.ndarray]:
    """Shuffle groups (or samples) and split between groups at the given shares."""
    owner = np.arange(len(rows)) if table.groups is None else table.groups[rows]
    _, owner = np.unique(owner, return_inverse=True)
    rank = rng.permutation(owner.max() + 1)[owner]
    order = np.argsort(rank, kind="stable")
    wanted = [int(share * len(rows)) for share in shares]
    # to the first row of the group in which the cut falls
    cuts = np.searchsorted(rank[order], rank[order][wanted], side="left")
    return [rows[part] for part in np.split(order, cuts)]


def _cap(rows: np.ndarray, most: int, rng: np.random.Generator) -> np.ndarray:
    return rng.permutation(rows)[:most]
