"""Time the linear models, with NumPy and with numba, and those of other packages.

    OMP_NUM_THREADS=1 python -m benchmarks.linear [path single ... school new_school]

Times are CPU seconds on one thread, the best of --repeats. Gaps are computed by our
code from the coefficients of each package. celer, adelie and skglm run in the
environment made by `make bench` (--peers PYTHON), and mutar as described in
benchmarks/peers/linear.txt. Of their tolerances, the loosest with a gap of at most 2e-6
counts, or else the tightest.
"""

from __future__ import annotations

import argparse
import subprocess
import tempfile
import time
import warnings
from pathlib import Path

import numpy as np
from scipy.signal import lfilter
from sklearn.linear_model import MultiTaskLassoCV, RidgeCV, enet_path
from sklearn.model_selection import KFold
from sklearn.preprocessing import StandardScaler

from benchmarks._figures import record_printed
from sklearn_mtl.datafits import LogLoss, make_quadratic
from sklearn_mtl.linear_model import (
    MultiTaskLinearRegressor,
    MultiTaskLinearRegressorCV,
    compile_kernels,
)
from sklearn_mtl.penalties import L21, Decomposition, Shared, TaskColumns, TraceNorm
from sklearn_mtl.solvers import (
    Problem,
    alpha_grid,
    certify,
    solve,
    solve_path,
)
from sklearn_mtl.solvers.feature_groups import (
    _feature_groups,
    _kernels,
    _proximal_newton,
)
from sklearn_mtl.tasks import stack_tasks

TOL = 1e-6
SIZES = [(20000, 100, 10), (500, 2000, 20), (200, 10000, 50)]
SCHOOL = Path(__file__).parents[2] / "shared" / "data" / "school_139.npz"


def draw(n_samples, n_features, n_tasks, correlation=0.0, seed=0):
    """Draw correlated neighbouring features, few of which are relevant."""
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n_samples, n_features))
    if correlation:
        X[:, 1:] *= np.sqrt(1.0 - correlation**2)
        X = lfilter([1.0], [1.0, -correlation], X, axis=1)
    W = np.zeros((n_features, n_tasks))
    n_used = min(n_features // 5, 50)
    used = rng.choice(n_features, n_used, replace=False)
    W[used] = rng.standard_normal((n_used, n_tasks))
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


def paths():
    """Return the arguments of our solvers: NumPy only, and the compiled loop."""
    out = {"numpy": None}
    try:
        compile_kernels()
        out["numba"] = _kernels.group_cycle()
    except ImportError:
        print("numba is not installed: only NumPy is measured")
    return out


def both(function, arguments):
    """Return {"numpy": (seconds, result), "numba": ...}."""
    out = {}
    for name, kernel in arguments.paths.items():
        for module in (_feature_groups, _proximal_newton):
            module.group_cycle = lambda kernel=kernel: kernel
        if kernel is not None:
            function()  # warm-up: loads libraries
        out[name] = clock(function, arguments.repeats)
    return out


def table(name, size, ours, peers, note=""):
    """Print milliseconds, gap, and ratio to our times for each package."""
    print(f"\n{name} {size} {note}")
    for who, (seconds, gap) in {**ours, **peers}.items():
        ratios = "  ".join(
            f"{seconds / mine:6.1f} x {path}" for path, (mine, _) in ours.items()
        )
        print(
            f"  {who:22} {1e3 * seconds:9.1f} ms  gap {gap:7.0e}  {ratios}", flush=True
        )


def largest_gap(problem, alphas, coefs):
    """Return the largest of our gaps over W (n_alphas, n_features, n_tasks)."""
    gaps = []
    for alpha, W in zip(alphas, coefs, strict=True):
        here = Problem(problem.datafit, L21(float(alpha)), problem.columns)
        gaps.append(certify(here, W).gap)
    return max(gaps)


def elsewhere(kind, X, Y, alphas, problem, arguments):
    """Return {peer: (seconds, gap)} of the peers in their own environment."""
    if not arguments.peers.exists():
        return {}
    with tempfile.TemporaryDirectory() as folder:
        given, taken = Path(folder, "in.npz"), Path(folder, "out.npz")
        repeats = max(arguments.repeats // 3, 1)
        np.savez(given, X=X, Y=Y, alphas=alphas, problem=kind, repeats=repeats)
        script = Path(__file__).with_name("_linear_peers.py")
        subprocess.run([arguments.peers, script, given, taken], check=True)
        found = dict(np.load(taken))
    best = {}
    for key in [k for k in found if k.endswith("|seconds")]:
        name = key.removesuffix("|seconds")
        peer = name.rsplit(" ", 1)[0]
        gap = largest_gap(problem, alphas, found[f"{name}|coefs"])
        is_done = peer in best and best[peer][2] <= 2 * TOL
        if not is_done:
            best[peer] = (float(found[key]), gap, gap)
    return {peer: entry[:2] for peer, entry in best.items()}


def quadratic(X, Y):
    datafit = make_quadratic(X, Y, np.ones_like(Y), True)
    return Problem(datafit, L21(), TaskColumns.plain(Y.shape[1]))


def ours_path(X, Y, alphas):
    return [s for _, s in solve_path(quadratic(X, Y), alphas, tol=TOL)]


def grid(X, Y, n_alphas, eps):
    largest = np.linalg.norm(X.T @ Y, axis=1).max() / len(X)
    return np.geomspace(largest, largest * eps, n_alphas)


def depth(size):
    """Return the depth of a path: scikit-learn's default with many samples."""
    return 1e-3 if size[0] > size[1] else 0.05


def compare_path(name, size, X, Y, alphas, arguments):
    found = both(lambda: ours_path(X, Y, alphas), arguments)
    ours = {
        path: (seconds, max(s.certificate.gap for s in solutions))
        for path, (seconds, solutions) in found.items()
    }
    problem, F = quadratic(X, Y), np.asfortranarray(X)
    seconds, (_, coefs, _) = clock(
        lambda: enet_path(F, Y, l1_ratio=1.0, alphas=alphas, tol=TOL), 1
    )
    gap = largest_gap(problem, alphas, coefs.transpose(2, 1, 0))
    peers = {"scikit-learn": (seconds, gap)}
    peers |= elsewhere("path", X, Y, alphas, problem, arguments)
    last = found["numpy"][1][-1].point
    table(name, size, ours, peers, f"{int(last.any(axis=1).sum())} features at the end")


def path(arguments):
    for size in SIZES[: arguments.sizes]:
        X, Y = draw(*size, arguments.correlation)
        alphas = grid(X, Y, 50, depth(size))
        compare_path("path, 50 alphas", size, X, Y, alphas, arguments)


def single(arguments):
    divisors_of = dict(zip(SIZES, [(5, 50), (5, 20), (5, 20)], strict=True))
    for size in SIZES[: arguments.sizes]:
        divisors = divisors_of[size]
        X, Y = draw(*size, arguments.correlation)
        for divisor in divisors:
            alphas = grid(X, Y, 2, 1.0 / divisor)[1:]
            compare_path(f"single, /{divisor}", size, X, Y, alphas, arguments)


def cv(arguments):
    for size in SIZES[:2]:
        X, Y = draw(*size, arguments.correlation)
        alphas = grid(X, Y, 50, depth(size))
        ours = MultiTaskLinearRegressorCV(penalty="l21", alphas=alphas, cv=KFold(5))
        theirs = MultiTaskLassoCV(alphas=alphas, cv=KFold(5))
        found = both(lambda m=ours, X=X, Y=Y: m.fit(X, Y), arguments)
        times = {path: (seconds, np.nan) for path, (seconds, _) in found.items()}
        other, _ = clock(lambda m=theirs, X=X, Y=Y: m.fit(X, Y), 1)
        note = f"alpha {ours.alpha_:.4g}, theirs {theirs.alpha_:.4g}"
        table("5 folds x 50", size, times, {"scikit-learn": (other, np.nan)}, note)


def logistic(arguments):
    for size, divisor in [
        ((300, 200, 5), 5),
        ((500, 2000, 20), 5),
        ((500, 2000, 20), 10),
        ((20000, 100, 10), 20),
    ]:
        X, Y = draw(*size, arguments.correlation)
        codes = (Y > 0).astype(float)
        datafit = LogLoss(X, codes, np.ones_like(codes), [2] * size[2], True)
        problem = Problem(datafit, L21(), TaskColumns.plain(size[2]))
        alphas = alpha_grid(problem, 2, 1.0 / divisor)[1:]

        def fit(X=X, codes=codes, alpha=float(alphas[0]), columns=problem.columns):
            weights, n_classes = np.ones_like(codes), [2] * codes.shape[1]
            datafit = LogLoss(X, codes, weights, n_classes, True)
            return solve(Problem(datafit, L21(alpha), columns), tol=TOL)

        ours = {
            path: (seconds, found.certificate.gap)
            for path, (seconds, found) in both(fit, arguments).items()
        }
        peers = elsewhere("logistic", X, codes, alphas, problem, arguments)
        table(f"logistic, /{divisor}", size, ours, peers)


def own(arguments):
    rng = np.random.default_rng(0)
    for n_tasks, n_rows, n_features in [(20, 200, 50), (139, 110, 28), (20, 50, 1000)]:
        common = rng.standard_normal(n_features) * (np.arange(n_features) < 10)
        pairs = []
        for _ in range(n_tasks):
            X = rng.standard_normal((n_rows, n_features))
            pairs.append((X, X @ common + rng.standard_normal(n_rows)))
        X, y = stack_tasks(pairs)
        model = MultiTaskLinearRegressor(penalty="l21", alpha=0.5)
        seconds, _ = clock(lambda m=model, X=X, y=y: m.fit(X, y), arguments.repeats)
        weights = (~np.isnan(y)).astype(float)
        datafit = make_quadratic(X, np.nan_to_num(y), weights, True)
        problem = Problem(datafit, L21(), TaskColumns.plain(n_tasks))
        blocks, targets = (np.stack(parts) for parts in zip(*pairs, strict=True))
        peers = elsewhere("own", blocks, targets, [0.5], problem, arguments)
        size = (n_tasks, n_rows, n_features)
        table("separate samples", size, {"numpy": (seconds, model.dual_gap_)}, peers)


def explained(y, predicted):
    return 100.0 * (1.0 - np.mean((y - predicted) ** 2) / np.var(y))


class Pooled:
    """Ridge regression of all samples together, with a column for each task."""

    def __init__(self):
        self.model = RidgeCV(alphas=np.geomspace(0.1, 1000.0, 20))

    def fit(self, X, wide):
        self.n_tasks = wide.shape[1]
        rows, tasks = np.nonzero(~np.isnan(wide))
        self.model.fit(self._with_task(X[rows], tasks), wide[rows, tasks])
        return self

    def predict_task(self, X, tasks):
        return self.model.predict(self._with_task(X, tasks))

    def _with_task(self, X, tasks):
        return np.hstack([X, np.eye(self.n_tasks)[tasks]])


POOLED = {"fit_intercept": "partial_pooling"}


def many(arguments):
    """Time the default regressor as tasks grow, with a tenth of the labels."""
    print("\ndefault regressor, 300 x 5, 10 % of the labels observed")
    for n_tasks in (100, 1000, 2000, 10000):
        rng = np.random.default_rng(0)
        X = rng.standard_normal((300, 5))
        W = rng.standard_normal((5, 1)) + 0.3 * rng.standard_normal((5, n_tasks))
        Y = X @ W + rng.standard_normal((300, n_tasks))
        Y[rng.random(Y.shape) > 0.1] = np.nan
        model = MultiTaskLinearRegressor()
        spent, _ = clock(lambda m=model, X=X, Y=Y: m.fit(X, Y), arguments.repeats)
        print(f"  {n_tasks:6} tasks {spent:7.3f} s, gap {model.dual_gap_:.0e}")


def school_models():
    shared_trace = Decomposition([("shared", Shared(0.0)), ("trace", TraceNorm())])
    wide, narrow = np.geomspace(300, 0.1, 12), np.geomspace(30, 0.3, 8)
    return {
        "single-task ridge": MultiTaskLinearRegressorCV(penalty="ridge", alphas=wide),
        "pooled + one-hot": Pooled(),
        "untuned default": MultiTaskLinearRegressor(),
        "untuned, pooled": MultiTaskLinearRegressor(**POOLED),
        "mean-regularised": MultiTaskLinearRegressorCV(penalty="mean", alphas=wide),
        "mean-reg., pooled": MultiTaskLinearRegressorCV(
            penalty="mean", alphas=wide, **POOLED
        ),
        "m. + trace, pooled": MultiTaskLinearRegressorCV(
            penalty=shared_trace, alphas=narrow, **POOLED
        ),
    }


def training_rows(tasks, part, seed):
    """Return the mask of a random part of the samples of every task."""
    rng, train = np.random.default_rng(seed), np.zeros(len(tasks), dtype=bool)
    for t in np.unique(tasks):
        rows = rng.permutation(np.flatnonzero(tasks == t))
        train[rows[: round(part * len(rows))]] = True
    return train


def school(arguments):
    if not SCHOOL.exists():
        print(f"school: skipped, {SCHOOL} does not exist")
        return
    data = np.load(SCHOOL)
    raw, y = data["X"].astype(float), data["Y"][:, 0].astype(float)
    tasks, models = data["task_id"].astype(int), school_models()
    for part in (0.75, 0.3):
        scores = {name: [] for name in models}
        seconds = {name: [] for name in models}
        for seed in range(arguments.seeds):
            train = training_rows(tasks, part, seed)
            X = StandardScaler().fit(raw[train]).transform(raw)
            wide = np.full((train.sum(), 139), np.nan)
            wide[np.arange(train.sum()), tasks[train]] = y[train]
            for name, model in models.items():
                spent, _ = clock(
                    lambda m=model, X=X[train], wide=wide: m.fit(X, wide), 1
                )
                predicted = model.predict_task(X[~train], tasks[~train])
                scores[name].append(explained(y[~train], predicted))
                seconds[name].append(spent)
        print(f"\nSchool, {part:.0%} training samples, {arguments.seeds} seeds")
        base = np.mean(scores["single-task ridge"])
        for name, values in scores.items():
            print(
                f"  {name:18} {np.mean(values):6.2f} %  {np.mean(values) - base:+6.2f}"
                f"  {np.median(seconds[name]):7.3f} s a fit",
                flush=True,
            )


def new_school(arguments):
    """Predict new schools: a fifth of the schools is held out."""
    if not SCHOOL.exists():
        print(f"new_school: skipped, {SCHOOL} does not exist")
        return
    data = np.load(SCHOOL)
    X, y = data["X"].astype(float), data["Y"][:, 0].astype(float)
    tasks = data["task_id"].astype(int)
    scores = {"pooled ridge": [], "empirical_bayes": [], "partial_pooling": []}
    for seed in range(arguments.seeds):
        unseen = np.random.default_rng(seed).choice(139, 28, replace=False)
        test = np.isin(tasks, unseen)
        pooled = RidgeCV(np.geomspace(0.01, 1e4, 20)).fit(X[~test], y[~test])
        scores["pooled ridge"].append(explained(y[test], pooled.predict(X[test])))
        wide, values = stack_tasks(X[~test], y[~test], tasks[~test])[:2]
        for name in list(scores)[1:]:
            model = MultiTaskLinearRegressor(penalty=name).fit(wide, values)
            predicted = model.new_task().predict(X[test])
            scores[name].append(explained(y[test], predicted))
    print(f"\nNew schools, 28 of 139, {arguments.seeds} seeds")
    for name, found in scores.items():
        print(f"  {name:18} {np.mean(found):6.2f} %")


PARTS = {
    f.__name__: f for f in (path, single, cv, logistic, own, many, school, new_school)
}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", default=list(PARTS))
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--sizes", type=int, default=3, help="sizes of path and single")
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--correlation", type=float, default=0.5)
    parser.add_argument("--peers", type=Path, default=Path(".venv-linear/bin/python"))
    parser.add_argument(
        "--json", type=Path, help="write what was measured, and how, to this file"
    )
    arguments = parser.parse_args()
    record_printed(arguments.json)
    arguments.paths = paths()
    warnings.simplefilter("ignore")
    for part in arguments.parts:
        PARTS[part](arguments)


if __name__ == "__main__":
    main()
