"""Does partial_fit after fit do harm, and how much of a refit does it gain?

    python -m benchmarks.streams

The default classifier is fitted on 20,000 samples of the adult data and then gets 14
batches of 500. The table shows the mean log-loss over the three tasks on the other
samples: before, the largest change after any batch, the change after the last one, and
the change of a refit on all 27,000 samples. Nothing is chosen by these numbers: the
ridge of the step was set on other samples and other data sets.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from sklearn_mtl import MultiTaskClassifier

DATA = Path(__file__).parents[2] / "shared" / "data" / "adult_3task.npz"
N_FIT, N_BATCH, N_BATCHES = 20_000, 500, 14


def mean_log_loss(model, X, Y):
    losses = []
    for t, proba in enumerate(model.predict_proba(X)):
        place = np.searchsorted(model.classes_[t], Y[:, t])
        likelihood = np.clip(proba[np.arange(len(X)), place], 1e-12, 1.0)
        losses.append(-np.log(likelihood).mean())
    return float(np.mean(losses))


def run(X, Y, seed):
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


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=5)
    seeds = parser.parse_args().seeds
    table = np.load(DATA)
    X, Y = table["X"].astype(float), table["Y"].astype(float)
    print(f"{'seed':>6} {'before':>8} {'worst':>9} {'last':>9} {'refit':>9}")
    runs = []
    for seed in range(seeds):
        runs.append(run(X, Y, seed))
        report(seed, np.array(runs[-1]))
    report("mean", np.mean(runs, axis=0))


def report(name, losses):
    change = losses[1:] - losses[0]
    worst, last, refit = change[:-1].max(), change[-2], change[-1]
    print(f"{name:>6} {losses[0]:8.4f} {worst:+9.4f} {last:+9.4f} {refit:+9.4f}")


if __name__ == "__main__":
    main()
