"""What holds for every trunk, whatever it shares."""

import copy

import numpy as np
import pytest
import torch
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV
from torch.nn import functional as F

from sklearn_mtl import MultiTaskClassifier
from sklearn_mtl.model_selection import per_task_scorers
from sklearn_mtl.modules import Conv, SharedPrivate
from tests.neural_network.nets import EXACT, same_bits, table, tiny
from tests.neural_network.objective.test_setup import captured
from tests.neural_network.test_heads import TRUNKS

X, Y = table()
X = X.astype(np.float32)
PICTURES = np.tile(X, (1, 9)).reshape(120, 1, 6, 6)
SPECS = {**TRUNKS, "conv": Conv((1, 6, 6), channels=(3,), hidden=4)}
# a parameter of each that changes what is learnt
SEARCHED = {
    "mlp": {"trunk__hidden_layer_sizes": [(3,), (5, 4)]},
    "mixture": {"trunk__n_experts": [1, 3]},
    "ple": {"trunk__n_shared_experts": [1, 2]},
    "stitch": {"trunk__hidden_layer_sizes": [(3,), (5, 4)]},
    "private": {"trunk__orthogonality": [0.0, 1.0]},
    "columns": {"trunk__a__hidden_layer_sizes": [(3,), (5, 4)]},
    "own": {"trunk__lr": [1e-3, 1e-2]},
    "conv": {"trunk__channels": [(2,), (3,)]},
}


def inputs_of(name):
    return PICTURES if name == "conv" else X


@pytest.mark.parametrize("balancing", ["sum", "uncertainty"])
@pytest.mark.parametrize("name", SPECS)
def test_a_trunk_is_cloned_and_searched(name, balancing):
    model = tiny(
        MultiTaskClassifier, trunk=SPECS[name], balancing=balancing, max_epochs=2
    )
    X = inputs_of(name)
    assert same_bits(clone(model).fit(X, Y[:, :2]), model.fit(X, Y[:, :2]))
    search = GridSearchCV(
        model,
        SEARCHED[name],
        scoring=per_task_scorers("neg_log_loss"),
        refit="mean",
        cv=2,
        error_score="raise",
    ).fit(X, Y[:, :2])
    first, second = search.cv_results_["mean_test_mean"]
    assert first != second


@pytest.mark.parametrize("head", ["linear", "mlp", "feedback"])
@pytest.mark.parametrize("name", SPECS)
def test_one_task_is_trained_as_a_plain_net(name, head):
    """Against torch's own loss, autograd and optimiser, on the same modules."""
    spec = SPECS[name]
    if isinstance(spec, SharedPrivate):  # whose penalty is tested beside it
        spec = clone(spec).set_params(orthogonality=0.0)
    arguments = {"trunk": spec, "head": head, "optimizer": "sgd", "lr": 0.1}
    arguments |= {**EXACT, "weight_decay": 0.0, "max_epochs": 4, "dtype": "float32"}
    X, y = inputs_of(name), Y[:, 0]
    model = tiny(MultiTaskClassifier, **arguments)
    start, (x, (targets, _)) = captured(clone(model), X, y)
    plain = copy.deepcopy(start.net_.module_)
    optimizer = torch.optim.SGD(
        [p for p in plain.parameters() if p.requires_grad], lr=0.1
    )
    for _ in range(4):
        optimizer.zero_grad()
        loss = F.binary_cross_entropy_with_logits(plain(x), targets)
        loss.backward()
        optimizer.step()
    fitted = dict(model.fit(X, y).net_.module_.named_parameters())
    for key, value in plain.named_parameters():
        torch.testing.assert_close(value, fitted[key], rtol=1e-4, atol=1e-5)
