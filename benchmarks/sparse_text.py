"""Short texts as sparse TF-IDF: the net, compared with logistic regression per task.

    python -m benchmarks.sparse_text [--sets tasks tags] [--rows ...] [--samples 12000]
                                     [--seeds 1] [--select]
    python -m benchmarks.sparse_text --large [--members 8]

The texts are the docstrings of NumPy, SciPy, scikit-learn, pandas and Matplotlib up to
their first section, in the installed versions. "tasks" has four tasks (which package;
whether it is a class; whether there are references; examples). "tags" has 200 tasks
(which of the 200 most frequent parameters a function has). Half of the samples are for
training.

Printed are the score on the other half (tasks: mean over tasks of the mean of balanced
accuracy and AUC; tags: mean over tags of the average precision), the CPU seconds of
fit, and its peak memory in addition to that of the process before. Each model runs in
its own process with one thread. The models (`--rows`) are LogisticRegression(C=10,
max_iter=300) per task; the default net; one member of it; an nn.Linear and ReLU as the
trunk of one member, with unscaled X; the blend; and the net with ``trunk=Text()``, on
the texts themselves.

`--select` scores on a quarter of the training samples, to choose settings. About 130
settings of the layer for wide inputs (scale, rank, layers behind it, dropout of words,
decay, rate and eps of the optimiser) were compared with it, with seed 0. About 20
settings for many tags (length and rank of orthogonal heads, rate, eps and decay) were
compared on one to four folds of the training samples of seed 0.

`--large` times two epochs of the default net on generated data of 20,000 samples with
100 of 30,000 columns each, and prints the seconds of the second and the peak memory.
"""

from __future__ import annotations

import argparse
import multiprocessing
import resource
import time
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import torch
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score, balanced_accuracy_score
from sklearn.metrics import roc_auc_score as auc_score
from threadpoolctl import threadpool_limits
from torch import nn

from benchmarks._figures import record_printed
from benchmarks._sparse_text.texts import TextSet, load_texts, make_large
from sklearn_mtl import MultiTaskClassifier
from sklearn_mtl.ensemble import MultiTaskBlendClassifier
from sklearn_mtl.modules import Text
from sklearn_mtl.multioutput import IndependentTasks

ROWS = ("logistic", "net", "one member", "plain trunk", "blend", "text")


class PlainTrunk:
    """Build a linear layer and ReLU, on the columns as they are."""

    def __call__(self, n_features: int) -> nn.Module:
        """Return the layers."""
        return nn.Sequential(nn.Linear(n_features, 128), nn.ReLU())


def make_row(row: str, seed: int) -> Any:
    """Return an unfitted estimator."""
    if row == "logistic":
        return IndependentTasks(LogisticRegression(C=10, max_iter=300))
    if row == "blend":
        return MultiTaskBlendClassifier(random_state=seed)
    chosen: dict[str, Any] = {
        "net": {},
        "one member": {"n_members": 1},
        "plain trunk": {"n_members": 1, "trunk": PlainTrunk()},
        "text": {"trunk": Text()},
    }[row]
    return MultiTaskClassifier(random_state=seed, **chosen)


def score(texts: TextSet, probabilities: list[np.ndarray], name: str) -> float:
    """Return the mean over tasks."""
    found = []
    for t, proba in enumerate(probabilities):
        truth = texts.y_test[:, t]
        if name == "tags":
            found.append(average_precision_score(truth, proba[:, 1]))
            continue
        is_binary = proba.shape[1] == 2
        ranked = proba[:, 1] if is_binary else proba
        found.append(auc_score(truth, ranked, multi_class="ovr") / 2)
        found[-1] += balanced_accuracy_score(truth, proba.argmax(axis=1)) / 2
    return float(np.mean(found))


def measure(row: str, texts: TextSet, name: str, seed: int) -> tuple[float, ...]:
    """Return score, CPU seconds of fit, additional MB of the process, and epochs."""
    model = make_row(row, seed)
    with warnings.catch_warnings(), threadpool_limits(1):
        warnings.simplefilter("ignore")  # convergence of a peer
        before, start = _peak_mb(), time.process_time()
        inputs = (texts.texts, texts.texts_test) if row == "text" else texts.inputs
        model.fit(inputs[0], texts.y)
        seconds, used = time.process_time() - start, _peak_mb() - before
        probabilities = model.predict_proba(inputs[1])
    n_epochs = getattr(model, "n_iter_", 0)
    return score(texts, probabilities, name), seconds, used, n_epochs


def measure_large(n_members: int) -> tuple[float, float]:
    """Return the seconds of an epoch, and MB beyond X."""
    X, y = make_large(20_000, 30_000, 100)
    model = MultiTaskClassifier(n_members=n_members, max_epochs=2, random_state=0)
    with threadpool_limits(1):
        clone(model).fit(X[:500, :1000], y[:500])  # imports everything that a fit needs
        before = _peak_mb()
        model.fit(X, y)
    return float(model.history_["duration"][-1]), _peak_mb() - before


def _peak_mb() -> float:
    """Return the largest memory of this process so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _apart(function: Any, *arguments: Any) -> Any:
    """Return the result of a function in a separate process, for its peak memory."""
    with multiprocessing.get_context("spawn").Pool(1, torch.set_num_threads, (1,)) as p:
        return p.apply(function, arguments)


def parse_arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--sets", nargs="+", choices=["tasks", "tags"], default=["tasks", "tags"])
    add("--rows", nargs="+", choices=ROWS, default=list(ROWS))
    add("--samples", type=int, default=12_000, help="of a set, half for training")
    add("--seeds", type=int, default=1)
    add("--select", action="store_true", help="score within the training samples")
    add("--large", action="store_true", help="time and memory of an epoch instead")
    add("--members", type=int, default=8, help="of the net in --large")
    add("--json", type=Path, help="write what was measured, and how, to this file")
    return parser.parse_args()


def main() -> None:
    """Run the benchmark and print the results."""
    args = parse_arguments()
    record_printed(args.json)
    if args.large:
        seconds, used = _apart(measure_large, args.members)
        print(f"an epoch: {seconds:.1f} s; peak beyond X: {used:.0f} MB")
        return
    print(f"{'set':6} {'seed':4} {'row':12} score  CPU s  peak MB  epochs")
    for name in args.sets:
        for seed in range(args.seeds):
            texts = load_texts(name, args.samples, seed, select=args.select)
            if not seed:
                print(f"{name}: {texts.X.shape}, {texts.y.shape[1]} tasks")
            for row in args.rows:
                got = _apart(measure, row, texts, name, seed)
                line = "{:.4f} {:6.1f} {:8.0f} {:7.0f}".format(*got)
                print(f"{name:6} {seed:<4} {row:12} {line}", flush=True)


if __name__ == "__main__":
    main()
