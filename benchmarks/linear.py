"""Time the linear models beside scikit-learn, and celer where it is installed.

    OMP_NUM_THREADS=1 python -m benchmarks.linear [path single cv logistic own school]

CPU seconds on one thread, best of --repeats. Gaps are ours, evaluated on everyone's W.
"""

from __future__ import annotations

import argparse
import time
import warnings
from pathlib import Path

import numpy as np

from sklearn_mtl.datafits import CrossEntropy, make_quadratic
from sklearn_mtl.linear_model import (
    MultiTaskLinearRegressor,
    MultiTaskLinearRegressorCV,
)
from sklearn_mtl.penalties import L21, Columns, Decomposition, Shared, TraceNorm
from sklearn_mtl.solvers import Problem, alpha_grid, certify, solve, solve_path
from sklearn_mtl.utils import stack_tasks

TOL = 1e-6
SIZES = [(20000, 100, 10), (500, 2000, 20), (200, 10000, 50)]
SCHOOL = Path(__file__).parents[2] / "shared" / "data" / "school_139.npz"


def draw(n_samples, n_features, n_tasks, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n_samples, n_features))
    W = np.zeros((n_features, n_tasks))
    n_used = min(n_features // 5, 50)
    W[:n_used] = rng.standard_normal((n_used, n_tasks))
    Y = X @ W
    Y += 0.3 * Y.std() * rng.standard_normal(Y.shape)
    return X - X.mean(axis=0), Y - Y.mean(axis=0)


def clock(function, repeats):
    best = np.inf
    for _ in range(repeats):
        start = time.process_time()
        out = function()
        best = min(best, time.process_time() - start)
    return best, out


def row(name, size, ours, peers, note=""):
    ratios = "  ".join(
        f"{peer} {seconds * 1e3:.0f} ms ({seconds / ours:.1f} x)"
        for peer, seconds in peers.items()
    )
    print(
        f"{name:8} {size!s:18} ours {ours * 1e3:7.0f} ms  {ratios}  {note}", flush=True
    )


def peers_path(X, Y, alphas, repeats):
    from sklearn.linear_model import enet_path

    F = np.asfortranarray(X)
    out = {
        "sklearn": clock(
            lambda: enet_path(F, Y, l1_ratio=1.0, alphas=alphas, tol=TOL), repeats
        )
    }
    try:
        from celer.homotopy import mtl_path

        G = np.asfortranarray(Y)
        out["celer"] = clock(lambda: mtl_path(F, G, alphas=alphas, tol=TOL), repeats)
    except Exception as error:
        print("  celer:", type(error).__name__)
    return out


def largest_gap(X, Y, alphas, coefs):
    datafit = make_quadratic(X, Y, np.ones_like(Y), False)
    columns = Columns.plain(Y.shape[1])
    pairs = zip(alphas, np.moveaxis(np.asarray(coefs), -1, 0), strict=True)
    return max(
        certify(Problem(datafit, L21(float(a)), columns), W.T).gap for a, W in pairs
    )


def ours_path(X, Y, alphas):
    datafit = make_quadratic(X, Y, np.ones_like(Y), True)
    problem = Problem(datafit, L21(), Columns.plain(Y.shape[1]))
    return [s for _, s in solve_path(problem, alphas, tol=TOL)]


def grid(X, Y, n_alphas, eps):
    largest = np.linalg.norm(X.T @ Y, axis=1).max() / len(X)
    return np.geomspace(largest, largest * eps, n_alphas)


def path(repeats):
    for size in SIZES:
        X, Y = draw(*size)
        alphas = grid(X, Y, 50, 1e-2 if size[0] > size[1] else 0.05)
        seconds, found = clock(lambda X=X, Y=Y, a=alphas: ours_path(X, Y, a), repeats)
        peers = peers_path(X, Y, alphas, repeats)
        gaps = {k: largest_gap(X, Y, alphas, v[1][1]) for k, v in peers.items()}
        note = f"gap {max(s.certificate.gap for s in found):.0e}, " + ", ".join(
            f"{k} {gap:.0e}" for k, gap in gaps.items()
        )
        note += f", rows {int(found[-1].point.any(axis=1).sum())}"
        row("path", size, seconds, {k: v[0] for k, v in peers.items()}, note)


def single(repeats):
    for size, divisors in zip(SIZES, [(5, 50), (5, 20), (5, 20)], strict=True):
        X, Y = draw(*size)
        for divisor in divisors:
            alphas = grid(X, Y, 2, 1.0 / divisor)[1:]
            seconds, _ = clock(lambda X=X, Y=Y, a=alphas: ours_path(X, Y, a), repeats)
            peers = peers_path(X, Y, alphas, repeats)
            times = {k: v[0] for k, v in peers.items()}
            row("single", (*size, f"/{divisor}"), seconds, times)


def cv(repeats):
    from sklearn.linear_model import MultiTaskLassoCV
    from sklearn.model_selection import KFold

    for size in SIZES[:2]:
        X, Y = draw(*size)
        alphas = grid(X, Y, 50, 1e-2 if size[0] > size[1] else 0.05)
        ours = MultiTaskLinearRegressorCV(penalty="l21", alphas=alphas, cv=KFold(5))
        theirs = MultiTaskLassoCV(alphas=alphas, cv=KFold(5))
        seconds, _ = clock(lambda m=ours, X=X, Y=Y: m.fit(X, Y), repeats)
        other, _ = clock(lambda m=theirs, X=X, Y=Y: m.fit(X, Y), 1)
        note = f"alpha {ours.alpha_:.4g} / {theirs.alpha_:.4g}"
        row("cv", size, seconds, {"sklearn": other}, note)


def logistic(repeats):
    for size, divisor in [
        ((300, 200, 5), 5),
        ((500, 2000, 20), 5),
        ((500, 2000, 20), 10),
        ((20000, 100, 10), 20),
    ]:
        X, Y = draw(*size)
        codes = (Y > 0).astype(float)

        def fit(X=X, codes=codes, size=size, divisor=divisor):
            datafit = CrossEntropy(X, codes, np.ones_like(codes), [2] * size[2], True)
            problem = Problem(datafit, L21(), Columns.plain(size[2]))
            alpha = float(alpha_grid(problem, 1, 0.5)[0]) / divisor
            return solve(Problem(datafit, L21(alpha), problem.columns), tol=TOL)

        seconds, found = clock(fit, repeats)
        note = f"gap {found.certificate.gap:.0e}, {found.n_iter} iterations"
        row("logistic", (*size, f"/{divisor}"), seconds, {}, note)


def own(repeats):
    rng = np.random.default_rng(0)
    for n_tasks, n_rows, n_features in [(20, 200, 50), (139, 110, 28), (20, 50, 1000)]:
        common = rng.standard_normal(n_features) * (np.arange(n_features) < 10)
        pairs = []
        for _ in range(n_tasks):
            X = rng.standard_normal((n_rows, n_features))
            pairs.append((X, X @ common + rng.standard_normal(n_rows)))
        X, y = stack_tasks(pairs)[:2]
        model = MultiTaskLinearRegressor(penalty="l21", alpha=0.5)
        seconds, _ = clock(lambda m=model, X=X, y=y: m.fit(X, y), repeats)
        note = f"gap {model.dual_gap_:.0e}, {model.n_iter_} iterations"
        row("own rows", (n_tasks, n_rows, n_features), seconds, {}, note)


def explained(y, predicted):
    return 100.0 * (1.0 - np.mean((y - predicted) ** 2) / np.var(y))


def school(repeats):
    if not SCHOOL.exists():
        print(f"school: skipped, {SCHOOL} is not there")
        return
    data = np.load(SCHOOL)
    X, y, ids = data["X"].astype(float), data["Y"][:, 0].astype(float), data["task_id"]
    X = (X - X.mean(axis=0)) / np.where(X.std(axis=0) > 0, X.std(axis=0), 1.0)
    shared_trace = Decomposition([("shared", Shared()), ("trace", TraceNorm())])
    models = {
        "single-task ridge CV": MultiTaskLinearRegressorCV(
            penalty="ridge", alphas=np.geomspace(300, 0.1, 12)
        ),
        "empirical Bayes": MultiTaskLinearRegressor(),
        "mean-regularised CV": MultiTaskLinearRegressorCV(
            penalty="mean", alphas=np.geomspace(300, 0.1, 12)
        ),
        "mean + trace norm CV": MultiTaskLinearRegressorCV(
            penalty=shared_trace, alphas=np.geomspace(30, 0.3, 8)
        ),
    }
    for part in (0.75, 0.3):
        scores = {name: [] for name in models}
        seconds = dict.fromkeys(models, 0.0)
        for seed in range(repeats):
            rng = np.random.default_rng(seed)
            train = np.zeros(len(y), dtype=bool)
            for t in np.unique(ids):
                rows = rng.permutation(np.flatnonzero(ids == t))
                train[rows[: round(part * len(rows))]] = True
            wide = np.full((train.sum(), 139), np.nan)
            wide[np.arange(train.sum()), ids[train].astype(int)] = y[train]
            for name, model in models.items():
                start = time.process_time()
                model.fit(X[train], wide)
                seconds[name] += time.process_time() - start
                predicted = model.predict(X[~train])
                own_task = predicted[np.arange(len(predicted)), ids[~train].astype(int)]
                scores[name].append(explained(y[~train], own_task))
        for name, values in scores.items():
            print(
                f"school {part:.2f} {name:22} {np.mean(values):.2f} "
                f"({seconds[name] / repeats:.2f} s a fit)",
                flush=True,
            )


PARTS = {f.__name__: f for f in (path, single, cv, logistic, own, school)}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", default=list(PARTS))
    parser.add_argument("--repeats", type=int, default=3)
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    for part in arguments.parts:
        PARTS[part](arguments.repeats)


if __name__ == "__main__":
    main()
