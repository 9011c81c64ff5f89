"""The weights of a blend by other algorithms than the package's."""

import numpy as np
from scipy.optimize import nnls

from sklearn_mtl.ensemble._simplex import WeightRule


def rule_of(knows, n_common):
    """Return the rule for members that all share a representation."""
    return WeightRule(knows, np.ones(knows.shape[1], dtype=bool), n_common)


def blend_of_classes(model, y):
    """Return weights (n_tasks, n_members) by expectation maximisation.

    A blend is a mixture model whose components are known, the members' probabilities,
    1 / 1000 of the uniform ones added. Shapes: y (n_samples, n_tasks), class codes.
    """
    tables, priors = [], []
    for t, labels in enumerate(y.T):
        seen = np.flatnonzero(~np.isnan(labels))
        at = labels[seen].astype(int)
        given = [one[t][seen, at] for one in model.member_oof_predictions_.values()]
        share = np.bincount(at) / len(at)
        tables.append(0.999 * np.stack(given, axis=1) + 0.001 / len(share))
        priors.append(-np.sum(share * np.log(share)))
    rows = [np.full(len(one), 1 / len(one)) for one in tables]
    scaled = [row / prior for row, prior in zip(rows, priors, strict=True)]
    common = _most_likely(np.concatenate(tables), np.concatenate(scaled))
    own = [_most_likely(*pair) for pair in zip(tables, rows, strict=True)]
    return _drawn(own, common, [len(one) for one in tables], model.n_common)


def blend_of_values(model, y, members=None):
    """Return weights (n_tasks, n_members) by non-negative least squares.

    Shapes: y (n_samples, n_tasks), complete; members, by default the out-of-fold
    predictions, a list of n_tasks arrays each.
    """
    members = list(members or model.member_oof_predictions_.values())
    errors = [
        np.stack([one[t] - labels for one in members], axis=1) / labels.std()
        for t, labels in enumerate(y.T)
    ]
    own = [_least_squares(one) for one in errors]
    common = _least_squares(np.concatenate(errors))
    return _drawn(own, common, [len(y)] * len(own), model.n_common)


def _most_likely(table, weights):
    found = np.full(table.shape[1], 1 / table.shape[1])
    for _ in range(5000):
        parts = table * found
        found = weights @ (parts / parts.sum(axis=1, keepdims=True)) / weights.sum()
    return found


def _least_squares(errors):
    heavy = 1e4 * np.sqrt(len(errors))  # holds the sum at 1
    rows = np.vstack([errors, np.full(errors.shape[1], heavy)])
    return nnls(rows, np.append(np.zeros(len(errors)), heavy))[0]


def _drawn(own, common, n_labels, n_common):
    """Draw the weights of tasks to the common ones, the more the fewer their labels."""
    n = np.array(n_labels)[:, None]
    return (n * np.stack(own) + n_common * common) / (n + n_common)
