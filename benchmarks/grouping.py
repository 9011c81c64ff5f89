"""Affinities and groups of tasks, on generated tasks and on real tables.

    ranks    Spearman's correlation of each affinity with trained gains: five generated
             regressions in two groups, 240 samples. The gains are those of a low-rank
             linear model, scored on 2000 more samples. Ranks are of the partners of
             each task (its mean over partners is subtracted).
    hits     how often TaskGroupSearchCV finds exactly the known groups of six generated
             regressions (200 samples, noise as large as the signal), with a linear
             model that shrinks tasks towards their mean (penalty="mean"), and how often
             it finds the true partition for the true number of groups.
    real     on real tables, cross-validated: score of the groups found (by "gradient",
             partitions scored in inner folds) minus that of the better of all together
             and all separately, chosen in hindsight, with corrected intervals.

    python -m benchmarks.grouping                    # all, a few minutes of CPU time
    python -m benchmarks.grouping --parts hits --seeds 5

Results are stored in a folder, so a second run computes only new results.
"""

from __future__ import annotations

import argparse
import time
import warnings
from pathlib import Path

import numpy as np
from joblib import Memory
from scipy.stats import spearmanr

from benchmarks._figures import record_printed
from benchmarks._npz import load_npz
from sklearn_mtl import (
    IndependentTasks,
    MultiTaskClassifier,
    MultiTaskMixedEstimator,
    MultiTaskRegressor,
)
from sklearn_mtl.comparison import corrected_interval
from sklearn_mtl.datasets import make_multitask_regression
from sklearn_mtl.grouping import TaskGroupSearchCV
from sklearn_mtl.inspection import task_affinity
from sklearn_mtl.linear_model import MultiTaskLinearRegressor
from sklearn_mtl.model_selection import MultiTaskStratifiedKFold, per_task_scorers

HERE = Path(__file__).resolve().parent
PARTS = ("ranks", "hits", "real")
SETS = ("student_por_mixed", "ml_emotions", "mtr_atp1d", "mtr_wq", "ctg_2task")
ROWS = 1000
FOLDS, REPEATS = 5, 2
STRUCTURES = {
    "three pairs": [0, 1, 2, 0, 1, 2],
    "two triples": [0, 1, 0, 1, 0, 1],
    "all of one kind": [0] * 6,
    "unrelated": list(range(6)),
}
LOW_RANK = MultiTaskLinearRegressor(penalty="trace", alpha=0.3)
PULLED = MultiTaskLinearRegressor(penalty="mean", alpha=1.0)
SMALL = {
    "hidden_layer_sizes": (32,),
    "n_members": 2,
    "numeric_embedding": None,
    "batch_size": 64,
    "max_epochs": 15,
    "lr": 0.01,
    "early_stopping": False,
    "random_state": 0,
}


def parse_arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--parts", nargs="+", choices=PARTS, default=list(PARTS))
    add("--sets", nargs="+", choices=SETS, default=list(SETS))
    add("--seeds", type=int, default=20, help="generated problems (default 20)")
    add("--data-dir", type=Path, default=HERE.parents[1] / "shared" / "data")
    add("--cache-dir", type=Path, default=HERE / "results" / "grouping")
    add("--json", type=Path, help="write what was measured, and how, to this file")
    return parser.parse_args()


def partner_ranks(values: np.ndarray) -> np.ndarray:
    """Return off-diagonal values minus the mean over the partners of each task."""
    off = ~np.eye(len(values), dtype=bool)
    means = np.nanmean(np.where(off, values, np.nan), axis=0)
    return (values - means)[off]


def rank_problem(seed: int) -> dict[str, tuple[float, float]]:
    """Return correlation and seconds of every method on one generated problem."""
    X, y = make_multitask_regression(
        2400,
        10,
        5,
        n_groups=[0, 0, 0, 1, 1],
        relatedness=0.95,
        noise=1.0,
        random_state=seed,
    )
    y[:, 1] *= -1  # which changes nothing for a linear model with a trace norm
    rows = np.arange(2400)
    cv = [(rows[i : i + 40], rows[400:]) for i in range(0, 400, 40)]
    gains = partner_ranks(task_affinity(LOW_RANK, X, y, cv=cv).values)
    net = MultiTaskRegressor(
        hidden_layer_sizes=(2,),
        n_members=4,
        max_epochs=30,
        lr=0.02,
        early_stopping=False,
        random_state=0,
    )
    found = {}
    for method in ("gain", "lookahead", "gradient", "label"):
        model = LOW_RANK if method == "gain" else net
        one = task_affinity(model, X[:240], y[:240], method=method, random_state=0)
        rho = spearmanr(partner_ranks(one.values), gains).statistic
        found[method] = (float(rho), one.seconds)
    return found


def print_ranks(n_seeds: int, memory: Memory) -> None:
    """Print the correlations of the four methods with trained gains."""
    compute = memory.cache(rank_problem)
    found = [compute(seed) for seed in range(n_seeds)]
    print(f"Spearman's correlation with trained gains, {n_seeds} problems")
    print(f"{'method':<12}{'median':>8}{'lowest':>8}{'highest':>9}{'seconds':>9}")
    for method in found[0]:
        rho, seconds = np.array([one[method] for one in found]).T
        print(
            f"{method:<12}{np.median(rho):8.2f}{rho.min():8.2f}{rho.max():9.2f}"
            f"{np.median(seconds):9.2f}"
        )


def is_same(one: np.ndarray, other: np.ndarray) -> bool:
    """Return whether two lists of group numbers are the same partition."""
    return np.array_equal(np.equal.outer(one, one), np.equal.outer(other, other))


def hit_problem(truth: list[int], method: str, seed: int) -> tuple[bool, bool]:
    """Return whether the groups are found, and for the true number of groups."""
    X, y = make_multitask_regression(
        200, 10, 6, n_groups=truth, relatedness=1.0, noise=1.0, random_state=seed
    )
    search = TaskGroupSearchCV(PULLED, method=method, random_state=0).fit(X, y)
    place = search.cv_results_["n_groups"].tolist().index(len(set(truth)))
    groups = search.cv_results_["groups"][place]
    numbers = np.empty(6)
    for number, names in enumerate(groups):
        numbers[[int(name.removeprefix("task")) for name in names]] = number
    return is_same(search.task_groups_, truth), is_same(numbers, truth)


def print_hits(n_seeds: int, memory: Memory) -> None:
    """Print how often known groups are found."""
    compute = memory.cache(hit_problem)
    print(f"Known groups found, of {n_seeds} (for the known number of groups)")
    print(f"{'structure':<18}{'gain':>12}{'label':>12}")
    for name, truth in STRUCTURES.items():
        cells = []
        for method in ("gain", "label"):
            found = [compute(truth, method, seed) for seed in range(n_seeds)]
            hits, right = np.sum(found, axis=0)
            cells.append(f"{hits} ({right})")
        print(f"{name:<18}" + "".join(f"{cell:>12}" for cell in cells))


def make_net(types: list[str]) -> MultiTaskMixedEstimator:
    """Return a small net for tasks of these kinds."""
    if all(one == "regression" for one in types):
        return MultiTaskRegressor(**SMALL)
    if "regression" not in types:
        return MultiTaskClassifier(**SMALL)
    kinds = ["regression" if one == "regression" else "classification" for one in types]
    return MultiTaskMixedEstimator(task_types=kinds, **SMALL)


def real_scores(name: str, data_dir: str) -> tuple[np.ndarray, list[int], float]:
    """Return scores (n_splits, 3) of together, apart and groups; sizes; CPU seconds."""
    table = load_npz(Path(data_dir) / f"{name}.npz")
    rows = np.random.default_rng(0).permutation(len(table.target))[:ROWS]
    X, y = np.asarray(table.data)[rows], np.asarray(table.target)[rows]
    net = make_net(list(table.task_types))
    models = [
        net,
        IndependentTasks(net),
        TaskGroupSearchCV(net, method="gradient", cv=3, random_state=0),
    ]
    splits = [
        split
        for seed in range(REPEATS)
        for split in MultiTaskStratifiedKFold(
            FOLDS, shuffle=True, random_state=seed
        ).split(X, y)
    ]
    scorer = per_task_scorers()
    start, scores, sizes = time.process_time(), [], []
    for train, test in splits:
        fitted = [model.fit(X[train], y[train]) for model in models]
        scores.append([scorer(model, X[test], y[test])["mean"] for model in fitted])
        sizes.append(len(fitted[2].groups_))
    return np.array(scores), sizes, time.process_time() - start


def print_real(names: list[str], data_dir: Path, memory: Memory) -> None:
    """Print the effect of grouping on real tables."""
    print(
        f"Real tables, up to {ROWS} samples, {REPEATS} x {FOLDS} folds: mean score "
        "over tasks"
    )
    print(
        f"{'table':<20}{'together':>9}{'apart':>8}{'groups':>8}  "
        f"{'minus the better [95 %]':<26}{'groups, median (range)':<24}{'CPU s':>6}"
    )
    compute = memory.cache(real_scores)
    for name in names:
        if not (data_dir / f"{name}.npz").exists():
            print(f"{name:<20} skipped: not in {data_dir}")
            continue
        scores, sizes, seconds = compute(name, str(data_dir))
        means = scores.mean(axis=0)
        better = scores[:, int(means[:2].argmax())]
        gap = corrected_interval(scores[:, 2] - better, 1 / (FOLDS - 1))
        interval = f"{gap.mean:+.3f} [{gap.low:+.3f}, {gap.high:+.3f}]"
        cells = "".join(f"{mean:8.3f}" for mean in means)
        told = f"{np.median(sizes):g} ({min(sizes)}-{max(sizes)})"
        print(f"{name:<20} {cells}  {interval:<26}{told:<24}{seconds:6.0f}", flush=True)


def main() -> None:
    """Run the selected parts."""
    args = parse_arguments()
    record_printed(args.json)
    warnings.filterwarnings("ignore", module="sklearn_mtl")
    memory = Memory(args.cache_dir, verbose=0)
    if "ranks" in args.parts:
        print_ranks(args.seeds, memory)
    if "hits" in args.parts:
        print_hits(args.seeds, memory)
    if "real" in args.parts:
        print_real(args.sets, args.data_dir, memory)


if __name__ == "__main__":
    main()
