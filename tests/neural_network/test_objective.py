"""The whole objective of the guide, written again from the weights of a net."""

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from sklearn_mtl import MultiTaskMixedEstimator
from tests.neural_network.nets import (
    EXACT,
    parameters,
    table,
    tiny,
    with_gaps,
)

X, Y = table(60)
Y = np.column_stack([Y[:, 0], X[:, 3] > 0, Y[:, 1:], X[:, 3]])  # 2, 2, 3, reg, reg
Y = with_gaps(Y)
Y[5] = np.nan  # a row without any label
WEIGHTS = np.random.default_rng(0).integers(1, 4, size=Y.shape).astype(float)
CLASS_WEIGHT = {"task0": {1.0: 2.5}}
V = np.array([1.0, 2.0, 0.5, 1.5, 1.0])
A = np.zeros((5, 5))
A[0, 1] = A[1, 0] = 2.0
A[3, 4] = A[4, 3] = 0.7
LR, SHARED, STRENGTH = 0.1, 0.03, 0.4
TASKS = {0: slice(0, 1), 1: slice(1, 2), 3: slice(2, 3), 4: slice(3, 4), 2: slice(4, 7)}


def model(**arguments):
    return tiny(
        MultiTaskMixedEstimator,
        shared_penalty=SHARED,
        relation_strength=STRENGTH,
        task_weight=V,
        class_weight=CLASS_WEIGHT,
        optimizer="sgd",
        weight_decay=0.0,
        lr=LR,
        **{**EXACT, "max_epochs": 1, **arguments},
    )


def objective(weights, relation, on):
    """Return the objective of one member by its definition, with a loop over tasks."""
    rows = np.where(np.isnan(Y), 0.0, WEIGHTS).max(axis=1)
    mean = np.average(X, axis=0, weights=rows)
    scale = np.sqrt(np.average((X - mean) ** 2, axis=0, weights=rows))
    x = torch.tensor((X - mean) / scale)
    W1, b1 = weights["trunk.0.weight"], weights["trunk.0.bias"]
    W2, b2 = weights["heads.weight"], weights["heads.bias"]
    logits = F.gelu(x @ W1 + b1) @ W2 + b2
    w = np.where(np.isnan(Y), 0.0, WEIGHTS)
    w[:, 0] *= np.where(Y[:, 0] == 1, 2.5, 1.0)
    total = SHARED * W1.square().sum()
    soft = {}
    for t, columns in TASKS.items():
        z, cell = logits[:, columns], torch.tensor(w[:, t])
        seen = w[:, t] > 0
        y = Y[:, t].copy()
        if t in (3, 4):
            mean = np.average(y[seen], weights=w[seen, t])
            y = (y - mean) / np.sqrt(
                np.average((y[seen] - mean) ** 2, weights=w[seen, t])
            )
        y = torch.tensor(np.nan_to_num(y))
        if t in (3, 4):
            losses, soft[t] = (z[:, 0] - y).square(), z
        elif t == 2:
            losses = F.cross_entropy(z, y.long(), reduction="none")
            soft[t] = z.softmax(dim=1)
        else:
            losses = F.binary_cross_entropy_with_logits(z[:, 0], y, reduction="none")
            soft[t] = z.sigmoid()
        total = total + V[t] * (losses * cell).sum() / cell.sum()
    if relation is None:
        return total
    rows = torch.tensor(w.max(axis=1))
    for s, t in np.argwhere(relation > 0).tolist():
        if on == "heads":
            gap = W2[:, TASKS[s]] - W2[:, TASKS[t]]
            term = gap.square().sum()
        else:
            gap = (soft[s] - soft[t]).square().mean(dim=1)
            term = (gap * rows).sum() / rows.sum()
        total = total + STRENGTH * 0.5 * relation[s, t] * term
    return total


def started(net):
    """Fit three short steps, so that nothing is zero any more."""
    net.set_params(lr=1e-300).fit(X, Y, sample_weight=WEIGHTS)
    net.set_params(lr=LR, warm_start=True)
    for _ in range(3):
        net.fit(X, Y, sample_weight=WEIGHTS)
    return net


def member(values, m):
    return {
        name: value[m].squeeze(0) if name.endswith("bias") else value[m]
        for name, value in values.items()
        if name.split(".")[0] in ("trunk", "heads")
    }


@pytest.mark.parametrize("n_members", [1, 2])
@pytest.mark.parametrize("relation", [None, A], ids=["alone", "related"])
@pytest.mark.parametrize("on", ["outputs", "heads"])
def test_a_step_goes_down_the_gradient_of_the_objective(on, relation, n_members):
    net = started(model(task_relation=relation, relation_on=on, n_members=n_members))
    before = parameters(net)
    after = parameters(net.fit(X, Y, sample_weight=WEIGHTS))
    for m in range(n_members):
        start = {k: v.double().requires_grad_() for k, v in member(before, m).items()}
        objective(start, relation, on).backward()
        for name, value in member(after, m).items():
            expected = start[name].detach() - LR * start[name].grad
            torch.testing.assert_close(value, expected, rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize("on", ["outputs", "heads"])
def test_the_history_holds_the_terms_of_the_objective(on):
    net = started(model(task_relation=A, relation_on=on))
    start = member(parameters(net), 0)
    net.fit(X, Y, sample_weight=WEIGHTS)
    history = net.history_
    total = V @ history["train_loss"][-1]
    total += history["shared_penalty"][-1] + history["task_relation"][-1]
    np.testing.assert_allclose(total, float(objective(start, A, on)), rtol=1e-9)


def test_without_penalty_or_relation_the_history_is_silent():
    found = tiny(MultiTaskMixedEstimator, **EXACT).fit(X, Y).history_
    assert not {"shared_penalty", "task_relation"} & set(found)
