"""Learning and forgetting of partial_fit on streams.

    python -m benchmarks.streams [--seeds 5] [--part order] [--part after]
                                 [--data-dir DIR]

*order*: the default regressor gets a stream in batches of 100, after a first batch of
some size, in some order. The table shows R2 on other samples, as the mean over targets
and seeds, and that of a fit to all samples together. The data are synthetic (linear;
Friedman, Annals of Statistics 1991) or scm20d, with its first six targets.

*after*: the default classifier is fitted to 20,000 samples of the adult data and then
gets 14 batches of 500. The table shows the mean log-loss over the three tasks on the
other samples: before, the largest change after any batch, the change after the last
batch, and the change of a new fit to all 27,000 samples.

No setting was chosen by these values. The ridge penalty of the step after a fit was set
on other samples and other data sets.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from sklearn.datasets import make_friedman1
from sklearn.metrics import r2_score

from benchmarks._figures import record_printed
from sklearn_mtl import MultiTaskClassifier, MultiTaskRegressor

HERE = Path(__file__).parent
N_FIT, N_BATCH, N_BATCHES = 20_000, 500, 14


def linear(rng, data_dir):
    X = rng.normal(size=(6000, 12))
    Y = X @ rng.normal(size=(12, 3)) + 0.5 * rng.normal(size=(6000, 3))
    return X * np.logspace(-2, 3, 12) + 5.0, Y * [1.0, 100.0, 0.01] + [0.0, 1000.0, -3]


def friedman(rng, data_dir):
    X, y = make_friedman1(6000, 8, noise=1.0, random_state=int(rng.integers(2**31)))
    return X, np.column_stack([y, y + 10 * X[:, 5] + rng.normal(size=6000)])


def scm20d(rng, data_dir):
    table = np.load(data_dir / "mtr_scm20d.npz")
    X, Y = table["X"].astype(float), table["Y"].astype(float)[:, :6]
    order = rng.permutation(len(X))
    return X[order], Y[order]


def streams(X, Y, rng):
    """Yield a name, the size of the first batch and the order of each stream."""
    n = len(X)
    for n_first in (1, 3, 20, 100, 1500):
        yield f"shuffled, first batch of {n_first}", n_first, np.arange(n)
    yield "in the order of a feature", 100, np.argsort(X[:, 0], kind="stable")
    yield "in the order of a target", 100, np.argsort(Y[:, 0], kind="stable")
    gap = np.abs(Y[:, 0] - np.median(Y[:, 0]))
    order = np.argsort(gap, kind="stable")
    rest = rng.permutation(order[100:])
    yield "target alike in the first batch", 100, np.r_[order[:100], rest]


def report_orders(seeds, data_dir):
    scores: dict[tuple[str, str], list[float]] = {}
    for make in (linear, friedman, scm20d):
        for seed in range(seeds):
            rng = np.random.default_rng(seed)
            X, Y = make(rng, data_dir)
            n = len(X) * 3 // 4
            test, X, Y = (X[n:], Y[n:]), X[:n], Y[:n]

            def note(name, model, test=test, data=make.__name__):
                r2 = r2_score(test[1], model.predict(test[0]))
                scores.setdefault((data, name), []).append(r2)

            for name, n_first, order in streams(X, Y, rng):
                model = MultiTaskRegressor(random_state=seed)
                cuts = range(n_first, n, 100)
                for rows in np.split(order, cuts):
                    model.partial_fit(X[rows], Y[rows])
                note(name, model)
            note("a fit on all", MultiTaskRegressor(random_state=seed).fit(X, Y))
    print(f"R2, mean of {seeds} seeds (smallest)")
    for (data, name), values in scores.items():
        print(f"{data:>9}  {name:34} {np.mean(values):7.3f} ({min(values):.3f})")


def mean_log_loss(model, X, Y):
    losses = []
    for t, proba in enumerate(model.predict_proba(X)):
        place = np.searchsorted(model.classes_[t], Y[:, t])
        likelihood = np.clip(proba[np.arange(len(X)), place], 1e-12, 1.0)
        losses.append(-np.log(likelihood).mean())
    return float(np.mean(losses))


def losses_after_fit(X, Y, seed):
    """Return the loss before, after each batch, and of a refit."""
    order = np.random.default_rng(seed).permutation(len(X))
    n_all = N_FIT + N_BATCH * N_BATCHES
    test = X[order[n_all:]], Y[order[n_all:]]
    old = order[:N_FIT]
    model = MultiTaskClassifier(random_state=seed).fit(X[old], Y[old])
    losses = [mean_log_loss(model, *test)]
    for batch in np.split(order[N_FIT:n_all], N_BATCHES):
        model.partial_fit(X[batch], Y[batch])
        losses.append(mean_log_loss(model, *test))
    every = order[:n_all]
    refit = MultiTaskClassifier(random_state=seed).fit(X[every], Y[every])
    return [*losses, mean_log_loss(refit, *test)]


def report_after_fit(seeds, data_dir):
    table = np.load(data_dir / "adult_3task.npz")
    X, Y = table["X"].astype(float), table["Y"].astype(float)
    print("log-loss on adult_3task: before, and its change")
    print(f"{'seed':>6} {'before':>8} {'worst':>9} {'last':>9} {'refit':>9}")
    runs = []
    for seed in range(seeds):
        runs.append(losses_after_fit(X, Y, seed))
        report(seed, np.array(runs[-1]))
    report("mean", np.mean(runs, axis=0))


def report(name, losses):
    change = losses[1:] - losses[0]
    worst, last, refit = change[:-1].max(), change[-2], change[-1]
    print(f"{name:>6} {losses[0]:8.4f} {worst:+9.4f} {last:+9.4f} {refit:+9.4f}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--part", action="append", choices=["order", "after"])
    where = HERE.parents[1] / "shared" / "data"
    parser.add_argument("--data-dir", type=Path, default=where)
    parser.add_argument(
        "--json", type=Path, help="write what was measured, and how, to this file"
    )
    options = parser.parse_args()
    record_printed(options.json)
    parts = options.part or ["order", "after"]
    if "order" in parts:
        report_orders(options.seeds, options.data_dir)
    if "after" in parts:
        report_after_fit(options.seeds, options.data_dir)


if __name__ == "__main__":
    main()
