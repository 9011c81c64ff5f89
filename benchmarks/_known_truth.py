"""Simulate scores of comparisons with a known truth, and compute the verdicts.

The simulated scores follow those of cross-validation to first order. A score is the
true score of a model and task, plus the mean of a noise term over the test samples,
plus the mean of another noise term over the training samples. Part of each noise term
is the same for all models, and part is the same for all tasks, because their labels
belong to the same samples. Training sets overlap, and the folds of every repeat use the
same samples. The scores of two splits are therefore correlated, as in practice; see
`_fold_correlation.py`.

The verdicts are computed without the code of the package, from its rules only. They are
an independent check of `Comparison`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import stats

from sklearn_mtl.comparison.results._rows import ModelRow, twin_name

__all__ = [
    "CASES",
    "LEARNING",
    "ROWS",
    "SIZES",
    "Case",
    "Folds",
    "Verdicts",
    "draw_scores",
    "error_rates",
    "judge",
]

_SHARED = ("shared-linear", "net")
#: The models of the default comparison, in its order.
ROWS = [
    ModelRow("dummy", "dummy"),
    *(ModelRow(name, "single") for name in ("linear", "forest", "boosting")),
    *(
        row
        for name in _SHARED
        for row in (
            ModelRow(twin_name(name), "twin"),
            ModelRow(name, "shared", twin_name(name)),
        )
    ),
    ModelRow("blend", "shared"),
]
#: Typical sizes of the fitted models, in kilobytes.
SIZES = np.array([1.0, 8.0, 20000.0, 900.0, 9.0, 5.0, 2400.0, 600.0, 25000.0])
_PAIRS = np.array([[5, 4], [7, 6]])  # (shared, twin)
_N_TASKS = 4
#: Number of blocks of samples, which every repeat assigns to folds at random.
_N_BLOCKS = 30
_LEVEL = 0.05
#: Standard deviation of the score of one task on a fifth of the samples.
_NOISE = 0.03
#: Shares of the noise that all models, or all tasks, have in common.
_OF_MODELS, _OF_TASKS = 0.7, 0.3
#: Noise of the training samples over that of the test samples. It makes the differences
#: of two folds correlated by 0.05 and 0.2: see `_fold_correlation.py`.
LEARNING = {"typical": 0.5, "strong": 1.2}


@dataclass(frozen=True)
class Case:
    """A truth.

    Attributes
    ----------
    name : str
        What is true.
    skills : tuple of float
        Mean skill of each of the rows.
    gains : tuple of float
        What sharing adds to the net on each task, over its twin.
    """

    name: str
    skills: tuple[float, ...]
    gains: tuple[float, ...] = (0.0,) * _N_TASKS

    def truth(self) -> np.ndarray:
        """Return the true skill of each model and task (n_rows, n_tasks)."""
        skills = np.repeat(np.array(self.skills)[:, None], _N_TASKS, axis=1)
        skills[6] = skills[7] - self.gains
        return skills


# dummy, linear, forest, boosting, shared-linear's twin, it, net's twin, net, blend
_BASE = (0.0, 0.42, 0.45, 0.44, 0.42, 0.42, 0.45, 0.45, 0.46)


def _with(**changes: float) -> tuple[float, ...]:
    names = [row.name.replace("-", "_") for row in ROWS]
    values = dict(zip(names, _BASE, strict=True)) | changes
    return tuple(values[name] for name in names)


CASES = [
    Case("all models equal", (0.45,) * 9),
    Case("net and blend tie, the rest is behind", _with(net=0.5, blend=0.5)),
    Case("nothing learns anything", (0.0,) * 9),
    Case("linear is the best by 0.01", _with(linear=0.47)),
    Case("linear is the best by 0.05", _with(linear=0.51)),
    Case("forest is the best by 0.02", _with(forest=0.48)),
    Case("forest is the best by 0.1", _with(forest=0.56)),
    Case("net is the best by 0.03", _with(net=0.49), gains=(0.04,) * 4),
    Case("blend is the best by 0.05", _with(blend=0.51)),
    Case("sharing helps by 0.03 on all tasks", _BASE, gains=(0.03,) * 4),
    Case("sharing helps by 0.1 on all tasks", _BASE, gains=(0.1,) * 4),
    Case("sharing helps by 0.1 on one task", _BASE, gains=(0.1, 0.0, 0.0, 0.0)),
    Case("sharing hurts by 0.03 on all tasks", _BASE, gains=(-0.03,) * 4),
    Case("sharing hurts by 0.1 on one task", _BASE, gains=(0.0, 0.0, 0.0, -0.1)),
    Case("it helps on two, hurts on two", _BASE, gains=(0.1, 0.1, -0.1, -0.1)),
    Case("all models within 0.005", tuple(0.45 + 0.005 * np.arange(9) / 8)),
]


@dataclass(frozen=True)
class Folds:
    """Splits of the samples, and the resulting correlation of the scores.

    `scored` has the share of splits in which each task has scores, as a class may be
    missing in the others.
    """

    n_folds: int = 5
    n_repeats: int = 1
    overlap: str = "strong"
    scored: tuple[float, ...] = (1.0,) * _N_TASKS

    @property
    def is_scored(self) -> np.ndarray:
        """Mask of existing scores (n_splits, n_tasks), in the first or last splits."""
        n_splits = self.n_folds * self.n_repeats
        places = np.arange(n_splits)[:, None] < np.round(
            np.multiply(self.scored, n_splits)
        )
        places[:, ::2] = places[::-1, ::2]
        return places

    @property
    def in_means(self) -> np.ndarray:
        """Mask of tasks in means: those with scores in more than half of the splits."""
        return self.is_scored.mean(axis=0) > 0.5


def draw_scores(case: Case, n_arrays: int, seed: int, folds: Folds) -> np.ndarray:
    """Draw scores (n_arrays, n_rows, n_splits, n_tasks)."""
    rng = np.random.default_rng(seed)
    of_test, of_train = (_noise(rng, n_arrays) for _ in range(2))
    orders = [rng.permutation(_N_BLOCKS) for _ in range(folds.n_repeats)]
    tests = np.concatenate([order.reshape(folds.n_folds, -1) for order in orders])
    is_test = (tests[:, :, None] == np.arange(_N_BLOCKS)).any(axis=1) * 1.0
    is_train = 1 - is_test  # (n_splits, n_blocks)
    noise = np.einsum("arbt,sb->arst", of_test, is_test / is_test.sum(axis=1)[:, None])
    noise += LEARNING[folds.overlap] * np.einsum(
        "arbt,sb->arst", of_train, is_train / is_train.sum(axis=1)[:, None]
    )
    scores = case.truth()[:, None] + _NOISE * noise
    return np.where(folds.is_scored, scores, np.nan)


def _noise(rng: np.random.Generator, n_arrays: int) -> np.ndarray:
    """Return noise (n_arrays, n_rows, n_blocks, n_tasks), of variance 1 in a fifth."""
    noise = np.zeros((n_arrays, len(ROWS), _N_BLOCKS, _N_TASKS))
    for n_rows, of_models in ((1, _OF_MODELS), (len(ROWS), 1 - _OF_MODELS)):
        for n_tasks, of_tasks in ((1, _OF_TASKS), (_N_TASKS, 1 - _OF_TASKS)):
            shape = (n_arrays, n_rows, _N_BLOCKS, n_tasks)
            noise += np.sqrt(of_models * of_tasks) * rng.standard_normal(shape)
    return noise * np.sqrt(_N_BLOCKS / 5)


@dataclass(frozen=True)
class Verdicts:
    """Verdicts on many comparisons.

    Attributes
    ----------
    gains : ndarray of shape (n_arrays, n_pairs, n_tasks + 1)
        1 where sharing is said to help, -1 where to hurt; the last one is the mean.
    best, recommended : ndarray of shape (n_arrays,)
        Number of the row with the best score, and of the recommended one.
    is_alike : ndarray of shape (n_arrays, n_rows)
        Whether a row cannot be told apart from the best one; True for that row too.
    """

    gains: np.ndarray
    best: np.ndarray
    recommended: np.ndarray
    is_alike: np.ndarray

    @property
    def is_clear(self) -> np.ndarray:
        """Mask of the verdicts that one model is better than all others (n_arrays,)."""
        return self.is_alike.sum(axis=1) == 1


def judge(scores: np.ndarray, folds: Folds) -> Verdicts:
    """Return the verdicts: scores (n_arrays, n_rows, n_splits, n_tasks)."""
    pairs = scores[:, _PAIRS[:, 0]] - scores[:, _PAIRS[:, 1]]
    by_task = _said(np.moveaxis(pairs, 2, 3)[..., None], folds)  # one task each
    mean = _said(pairs[..., folds.in_means][:, :, None], folds)
    every, rows = np.arange(len(scores)), np.arange(len(ROWS))
    counted = scores[..., folds.in_means]
    best = np.nanmean(counted, axis=2).mean(axis=2).argmax(axis=1)
    gap, error, p = _tests(counted[every, best][:, None] - counted, folds)
    p[every, best] = np.nan
    is_alike = ~(_holm(p) < _LEVEL)
    is_close = is_alike & ~(gap > error)
    smallest = np.where(is_close, SIZES, np.inf).argmin(axis=1)
    is_alike |= rows == best[:, None]
    return Verdicts(np.concatenate([by_task, mean], 2), best, smallest, is_alike)


def error_rates(case: Case, n_arrays: int, seed: int, folds: Folds) -> dict[str, float]:
    """Return the rates of wrong and correct verdicts, see `verdict.py`."""
    truth = case.truth()
    skills = truth[:, folds.in_means].mean(axis=1)
    gains = truth[_PAIRS[:, 0]] - truth[_PAIRS[:, 1]]  # (n_pairs, n_tasks)
    mean = gains[:, folds.in_means].mean(axis=1)
    gains = np.round(np.column_stack([gains, mean]), 9)
    is_best = skills >= skills.max() - 1e-9
    found = judge(draw_scores(case, n_arrays, seed, folds), folds)
    said = found.gains
    is_right = (said == np.sign(gains))[:, gains != 0]
    in_play = np.where(found.is_alike, SIZES, np.inf)
    rows = {
        "recommended": found.recommended,
        "best score": found.best,
        "smallest": in_play.argmin(axis=1),
    }
    return {
        "helps!": float(((said > 0) & (gains <= 0)).any(axis=(1, 2)).mean()),
        "hurts!": float(((said < 0) & (gains >= 0)).any(axis=(1, 2)).mean()),
        "found": float(is_right.mean()) if is_right.size else np.nan,
        "use!": float((found.is_clear & ~is_best[found.best]).mean()),
        "clear": float(found.is_clear.mean()),
        "behind!": float((~found.is_alike[:, is_best]).any(axis=1).mean()),
        **{
            f"lost: {name}": float((skills.max() - skills[row]).mean())
            for name, row in rows.items()
        },
    }


def _said(differences: np.ndarray, folds: Folds) -> np.ndarray:
    """Return 1, -1 or 0: all differences of an array are tested together."""
    gap, _, p = _tests(differences, folds)
    is_said = _holm(p.reshape(len(p), -1)).reshape(p.shape) < _LEVEL
    return np.where(is_said, np.sign(gap), 0.0)


def _tests(
    differences: np.ndarray, folds: Folds
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return means over tasks, corrected errors and p-values.

    Shapes: differences (..., n_splits, n_tasks).
    """
    seen = ~np.isnan(differences)
    n = seen.sum(axis=-2, keepdims=True)
    n_splits = seen.any(axis=-1).sum(axis=-1)
    means = np.nanmean(differences, axis=-2, keepdims=True)
    total = (n_splits * (n_splits - 1))[..., None, None]
    k = folds.n_folds
    # 0 / 0: one score of a task, or the best model minus itself
    with np.errstate(invalid="ignore", divide="ignore"):
        scale = np.sqrt(total / (n * (n - 1)))
        by_split = (np.where(seen, differences - means, 0.0) * scale).mean(axis=-1)
        variance = (by_split**2).sum(axis=-1) / (n_splits - 1)
        error = np.sqrt((np.maximum(1 / n_splits, 1 / k) + 1 / (k - 1)) * variance)
        freedom = 1 / (1 / (n - 1)).mean(axis=(-2, -1))
        gap = means.mean(axis=(-2, -1))
        return gap, error, 2 * stats.t.sf(np.abs(gap) / error, freedom)


def _holm(p: np.ndarray) -> np.ndarray:
    """Return Holm's adjusted p-values of each row, one test at a time."""
    order = np.argsort(p, axis=1)  # NaN last
    adjusted, largest = np.full(p.shape, np.nan), np.zeros(len(p))
    n_left = (~np.isnan(p)).sum(axis=1)
    every = np.arange(len(p))
    for place in order.T:
        largest = np.maximum(largest, p[every, place] * n_left)
        adjusted[every, place] = largest
        n_left = n_left - 1
    return adjusted
