"""What must be the same whatever kernels a processor runs: `python -m tests.decisions`.

Prints digests of decisions, and predictions, as JSON, so that a test can ask another
process.
"""

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np

from sklearn_mtl.datasets import make_multitask_regression
from sklearn_mtl.grouping._partitions import best_partitions
from sklearn_mtl.inspection._association import label_association
from sklearn_mtl.model_selection import (
    MultiTaskKFold,
    MultiTaskStratifiedGroupKFold,
    MultiTaskStratifiedKFold,
    MultiTaskStratifiedShuffleSplit,
    train_test_split,
)
from sklearn_mtl.preprocessing import PiecewiseLinear
from sklearn_mtl.preprocessing._edges import compress_targets, embedding_edges
from sklearn_mtl.tasks import TaskSet
from tests.equivalences.inputs import NEW, TARGETS, X, outputs
from tests.zoo import predictors


def targets():
    """Return targets of several kinds whose strata often tie, by name."""
    rng = np.random.default_rng(0)
    classes = (rng.random((300, 6)) < 0.3).astype(float)
    classes[rng.random(classes.shape) < 0.3] = np.nan
    values = make_multitask_regression(
        150, 12, 5, relatedness=0.95, noise=1.0, random_state=1
    )[1]
    return {"classes": classes, "values": values}


def splitters(seed):
    """Return splitters by name, and whether they want groups."""
    shuffled = {"shuffle": True, "random_state": seed}
    return {
        "KFold": (MultiTaskKFold(5, **shuffled), False),
        "StratifiedKFold": (MultiTaskStratifiedKFold(5, **shuffled), False),
        "StratifiedKFold in order": (MultiTaskStratifiedKFold(3), False),
        "ShuffleSplit": (MultiTaskStratifiedShuffleSplit(2, random_state=seed), False),
        "GroupKFold": (MultiTaskStratifiedGroupKFold(5, **shuffled), True),
        "GroupKFold in order": (MultiTaskStratifiedGroupKFold(5), True),
    }


def split_digests():
    """Return a digest of every splitter's splits of every target."""
    found = {}
    for kind, y in targets().items():
        rows, group = np.arange(len(y)), np.arange(len(y)) // 3
        for seed in range(2):
            for name, (splitter, wants_groups) in splitters(seed).items():
                given = group if wants_groups else None
                splits = splitter.split(y, y, given)
                found[f"{name}, {kind}, {seed}"] = digest(test for _, test in splits)
            for name, given in (("rows", None), ("groups", group)):
                parts = train_test_split(
                    rows, stratify=y, groups=given, random_state=seed
                )
                found[f"train_test_split of {name}, {kind}, {seed}"] = digest(parts)
    return found


def grouping_digests():
    """Return digests of partitions and affinities that often tie."""
    rng = np.random.default_rng(0)
    found = {}
    for n_tasks in (8, 12):  # searched exactly, greedily
        signs = rng.choice([-1.0, 1.0], size=(n_tasks, 7)) / np.sqrt(7)
        partitions = best_partitions(signs @ signs.T, range(1, n_tasks), "auto", 0)
        found[f"partitions of {n_tasks}"] = str(partitions)
    codes = rng.integers(2, size=(16, 5)).astype(float)
    association = label_association(TaskSet.from_y(codes)[0], codes)
    found["groups by label"] = str(best_partitions(association, range(1, 5), "auto", 0))
    return found


def edge_digests():
    """Return digests of embedding edges in whole numbers, where gains often tie."""
    rng = np.random.default_rng(0)
    x = np.repeat(np.arange(8.0), 30)
    # even about the middle, so a split here gains what its mirror image gains
    even = np.stack([np.abs(x - 3.5) ** power for power in (0.5, 1, 2, 3)], axis=1)
    spec, found = PiecewiseLinear(n_quantiles=2, n_splits=3), {}
    for n_targets in (3, 12):
        targets = even @ rng.normal(size=(4, n_targets))
        targets = (targets - targets.mean(axis=0)) / targets.std(axis=0)
        targets = compress_targets(targets, np.ones(len(x)))
        edges = embedding_edges(spec, x[:, None], targets, np.ones(len(x)))
        found[f"edges by {n_targets} targets"] = digest([edges])
    return found


def estimators():
    """Fit the zoo; return what was chosen, and predictions."""
    chosen, predictions = {}, {}
    for (kind, name), make in predictors().items():
        model = make().fit(X, TARGETS[kind])
        for attribute in ("groups_", "n_iter_", "best_epoch_"):
            if hasattr(model, attribute):
                found = str(getattr(model, attribute))
                chosen[f"{attribute} of {kind}, {name}"] = found
        predictions[f"{kind}, {name}"] = outputs(model, NEW).tolist()
    return chosen, predictions


def digest(arrays):
    """Return a short text that differs where the arrays differ."""
    found = hashlib.sha256()
    for array in arrays:
        found.update(np.ascontiguousarray(array).tobytes())
    return found.hexdigest()[:16]


def results():
    """Return all decisions, and predictions, by name."""
    chosen, predictions = estimators()
    decisions = {**split_digests(), **grouping_digests(), **edge_digests(), **chosen}
    return {"decisions": decisions, "predictions": predictions}


def results_elsewhere(variables):
    """Return the results of a process with other environment variables."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "tests.decisions"],
        cwd=Path(__file__).parents[1],
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(done.stdout)


if __name__ == "__main__":
    sys.stdout.write(json.dumps(results()))
