"""Learning and forgetting of monthly updates.

    python -m benchmarks.updates [--seeds 3] [--months 6] [--data NAME]
                                 [--population same] [--population shifted]
                                 [--data-dir DIR]

A net is fitted and then gets one month after another. The months come from the same
population as the samples of the fit, or from a shifted one: the samples of the fit have
the lower values of one column (age in adult, the first one in scm20d), and the months
have the higher values. The table shows the loss on test samples of both populations, as
the mean over tasks relative to that of the best constant, and the seconds for all
months:

- no update: the net of the fit;
- partial_fit: one call per month;
- update: one call per month, with 1000 stored samples, and without;
- refit: a fit to all samples after the last month.

The learning rates and numbers of epochs of `update` were chosen on other splits of
these sets, with seeds 0 and 1.
"""

from __future__ import annotations

import argparse
import copy
import time
import warnings
from pathlib import Path

import numpy as np

from benchmarks._figures import record_printed
from benchmarks._npz import load_npz
from sklearn_mtl import MultiTaskClassifier, MultiTaskRegressor
from sklearn_mtl.exceptions import UpdateRefusedWarning

HERE = Path(__file__).parent
SETS = {
    "adult": ("adult_3task.npz", MultiTaskClassifier, 8000, 1000),
    "scm20d": ("mtr_scm20d.npz", MultiTaskRegressor, 3000, 500),
}
N_TEST, FIRST_SEED = 3000, 2


def loss(model, X, Y):
    """Return the mean over tasks of the loss relative to the best constant's."""
    if isinstance(model, MultiTaskRegressor):
        return float(np.mean(((model.predict(X) - Y) ** 2).mean(0) / Y.var(0)))
    found = []
    for t, proba in enumerate(model.predict_proba(X)):
        place = np.searchsorted(model.classes_[t], Y[:, t])
        share = np.bincount(place) / len(place)
        prior = -(share[share > 0] * np.log(share[share > 0])).sum()
        likelihood = np.clip(proba[np.arange(len(X)), place], 1e-12, 1.0)
        found.append(-np.log(likelihood).mean() / prior)
    return float(np.mean(found))


def split(X, population, n_fit, n_new, rng):
    """Return the samples of the fit, of the months, and of both tests."""
    order = rng.permutation(len(X))
    if population == "same":
        fitted, months, test = np.split(order, [n_fit, n_fit + n_new])
        return fitted, months, test[:N_TEST], test[:N_TEST]
    noise = 0.5 * X[:, 0].std() * rng.normal(size=len(X))
    order = np.argsort(X[:, 0] + noise)
    old, new = (rng.permutation(part) for part in np.split(order, [len(X) * 3 // 5]))
    fitted, old_test = old[:n_fit], old[n_fit : n_fit + N_TEST]
    return fitted, new[:n_new], old_test, new[n_new : n_new + N_TEST]


def run(name, population, months, seed, data_dir):
    """Return losses on both tests and seconds, by the way of going on."""
    file, cls, n_fit, n_month = SETS[name]
    table = load_npz(data_dir / file)
    X, Y = table.data.astype(float), table.target
    rng = np.random.default_rng(seed)
    fitted, new, *tests = split(X, population, n_fit, n_month * months, rng)
    ways = {"no update": (1000, None), "partial_fit": (1000, "partial_fit")}
    ways |= {"update": (1000, "update"), "update, 0 stored": (0, "update")}
    results, models = {}, {}
    for n_stored in (0, 1000):
        model = cls(n_stored_samples=n_stored, random_state=seed)
        models[n_stored] = model.fit(X[fitted], Y[fitted])
    for way, (n_stored, method) in ways.items():
        model = copy.deepcopy(models[n_stored])
        start, n_refused = time.perf_counter(), 0
        for rows in np.split(new, months) if method else []:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", UpdateRefusedWarning)
                getattr(model, method)(X[rows], Y[rows])
            n_refused += method == "update" and not model.update_.is_accepted
        seconds = time.perf_counter() - start
        results[way] = [*(loss(model, X[t], Y[t]) for t in tests), seconds, n_refused]
    start, every = time.perf_counter(), np.r_[fitted, new]
    model = cls(random_state=seed).fit(X[every], Y[every])
    seconds = time.perf_counter() - start
    results["refit"] = [*(loss(model, X[t], Y[t]) for t in tests), seconds, 0]
    return results


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--months", type=int, default=6)
    parser.add_argument("--data", action="append", choices=SETS)
    parser.add_argument("--population", action="append", choices=["same", "shifted"])
    where = HERE.parents[1] / "shared" / "data"
    parser.add_argument("--data-dir", type=Path, default=where)
    parser.add_argument(
        "--json", type=Path, help="write what was measured, and how, to this file"
    )
    options = parser.parse_args()
    record_printed(options.json)
    for name in options.data or SETS:
        for population in options.population or ["same", "shifted"]:
            runs = [
                run(name, population, options.months, seed, options.data_dir)
                for seed in range(FIRST_SEED, FIRST_SEED + options.seeds)
            ]
            print(f"{name}, {population} population, mean of {options.seeds} seeds")
            print(f"  {'':18} {'old test':>9} {'new test':>9} {'seconds':>8} refused")
            for way in runs[0]:
                old, new, seconds, n_refused = np.mean([r[way] for r in runs], axis=0)
                row = f"{old:9.4f} {new:9.4f} {seconds:8.1f} {n_refused:7.1f}"
                print(f"  {way:18} {row}", flush=True)


if __name__ == "__main__":
    main()
