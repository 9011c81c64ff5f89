"""Heads on every trunk, in the nets."""

import pickle

import numpy as np
import pytest
import torch
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV
from torch.nn import functional as F

from sklearn_mtl import MultiTaskClassifier, MultiTaskMixedEstimator
from sklearn_mtl.model_selection import per_task_scorers
from sklearn_mtl.modules import (
    MLP,
    Columns,
    CrossStitch,
    FeedbackHead,
    LinearHead,
    MixtureOfExperts,
    MLPHead,
    Pretrained,
    ProgressiveExtraction,
    SharedPrivate,
)
from tests.neural_network.nets import (
    ALL,
    EXACT,
    parameters,
    same_bits,
    table,
    targets_of,
    tiny,
    untrained,
    with_gaps,
)
from tests.neural_network.objective.test_setup import captured, task_gradients

X, Y = table()
HEADS = ["linear", "mlp", "feedback"]
SPECS = {
    "mlp": MLPHead((4, 3), dropout=0.1),
    "feedback": FeedbackHead(2),
    "linear": LinearHead(),
}
TRUNKS = {
    "mlp": MLP((6,)),
    "mixture": MixtureOfExperts(2, (6,)),
    "ple": ProgressiveExtraction(hidden_layer_sizes=(6,)),
    "stitch": CrossStitch((6,)),
    "private": SharedPrivate((6,)),
    "columns": Columns([("a", MLP((4,)), [0, 1]), ("b", MLP((3,)), [2, 3])]),
    "own": Pretrained(torch.nn.Linear(4, 5), frozen=False),
}
# float32 trunks of a user, and blocks of columns, see the values as they are
RAW = X.astype(np.float32)


@pytest.mark.filterwarnings("ignore::sklearn_mtl.exceptions.SingleClassWarning")
@pytest.mark.parametrize("n_members", [1, 3])
@pytest.mark.parametrize("head", [*HEADS, MLPHead((4, 3))], ids=str)
def test_every_head_takes_tasks_of_one_class_alone(head, n_members):
    y = np.full((len(X), 2), "only", dtype=object)
    model = tiny(MultiTaskClassifier, head=head, n_members=n_members).fit(X, y)
    assert (model.predict(X) == "only").all()
    assert [proba.tolist() for proba in model.predict_proba(X[:1])] == [[[1.0]]] * 2


def moved(model, X, y):
    """Return by name which numbers of the parameters one step of a fit changes."""
    before = parameters(untrained(clone(model), X, y))
    after = parameters(model.set_params(max_epochs=1).fit(X, y))
    return {name: (after[name] != before[name]) for name in after}


@pytest.mark.parametrize("n_members", [1, 2])
@pytest.mark.parametrize("head", ["mlp", "feedback"])
@pytest.mark.parametrize("trunk", TRUNKS)
def test_every_head_learns_on_every_trunk(trunk, head, n_members):
    y = with_gaps(Y)
    model = tiny(
        MultiTaskMixedEstimator,
        trunk=TRUNKS[trunk],
        head=SPECS[head],
        n_members=n_members,
        max_epochs=2,
    )
    model.fit(RAW, y)
    assert [p if p is None else p.shape for p in model.predict_proba(RAW)] == [
        (120, 2),
        (120, 3),
        None,
    ]
    n_shared = model.transform(RAW).shape[1] // n_members
    assert n_shared == model.net_.module_.n_shared
    for t in range(3):
        n_read = model.transform_task(RAW, t, kind="input").shape[1]
        projected = model.transform_task(RAW, t)
        width = 4 if head == "mlp" else [1, 3, 1][t]
        assert projected.shape[1] == n_members * min(width, n_read // n_members)


@pytest.mark.parametrize("head", HEADS)
@pytest.mark.parametrize("trunk", TRUNKS)
def test_one_step_moves_every_part(trunk, head):
    model = tiny(
        MultiTaskMixedEstimator, trunk=TRUNKS[trunk], head=head, lr=1e-2, **EXACT
    )
    model.set_params(weight_decay=0.0)
    changed = moved(model, RAW, Y)
    for name, where in changed.items():
        if name == "tail.weight":  # a task does not read itself
            module = model.fit(RAW, Y).net_.module_
            assert torch.equal(where[0], module.tail.is_other)
        else:
            assert where.float().mean() > 0.95, name


@pytest.mark.parametrize("cls", ALL)
def test_a_linear_head_is_the_default(cls):
    y = targets_of(cls, Y)
    plain = tiny(cls).fit(X, y)
    for head in ("linear", LinearHead()):
        assert same_bits(plain, tiny(cls, head=head).fit(X, y))


@pytest.mark.parametrize("cls", ALL)
def test_feedback_starts_where_linear_heads_do(cls):
    y = targets_of(cls, Y)
    linear = untrained(tiny(cls, **EXACT), X, y)
    fed = untrained(tiny(cls, head="feedback", **EXACT), X, y)
    own = parameters(linear)
    found = parameters(fed)
    assert all(torch.equal(found[name], value) for name, value in own.items())


def test_one_task_with_feedback_is_one_task_without():
    y = Y[:, 1]
    model = tiny(MultiTaskClassifier, head="feedback", weight_decay=0.0).fit(X, y)
    plain = tiny(MultiTaskClassifier, weight_decay=0.0).fit(X, y)
    np.testing.assert_array_equal(model.predict_proba(X), plain.predict_proba(X))


def test_one_task_with_hidden_layers_is_a_deeper_net():
    y = Y[:, 0]
    arguments = {"optimizer": "sgd", "lr": 0.1, "weight_decay": 0.0, **EXACT}
    model = tiny(MultiTaskClassifier, head=MLPHead((5,)), **arguments)
    deep = tiny(MultiTaskClassifier, hidden_layer_sizes=(8, 5), **arguments)
    start = untrained(deep, X, y)
    deep.set_params(warm_start=True)
    pairs = {
        "trunk.0": "trunk.0",
        "heads": "trunk.2",
        "tail.layers.0": "heads",
    }
    model = untrained(model, X, y).set_params(warm_start=True)
    with torch.no_grad():
        ours = dict(model.net_.module_.named_parameters())
        for name, value in start.net_.module_.named_parameters():
            for a, b in pairs.items():
                if name.startswith(b + "."):
                    ours[a + name[len(b) :]].copy_(value)
    np.testing.assert_allclose(
        model.fit(X, y).predict_proba(X), deep.fit(X, y).predict_proba(X), rtol=1e-6
    )


@pytest.mark.parametrize("head", ["mlp", "feedback"])
def test_labels_that_are_missing_do_not_move_their_head(head):
    model = tiny(MultiTaskMixedEstimator, head=head, optimizer="sgd", **EXACT)
    untrained(model.set_params(lr=0.1), X, Y)
    before = parameters(model)
    y = Y.copy()
    y[:, 1] = np.nan
    after = model.set_params(warm_start=True).fit(X, y)
    places = after.net_.criterion_.layout.order.tolist()
    owners = dict(after.net_.module_.tail.owners())
    for name, value in after.net_.module_.named_parameters():
        if value in owners:
            assert not torch.equal(value, before[name])
            own = owners[value] == places.index(1)
            assert torch.equal(value[..., own], before[name][..., own])


@pytest.mark.parametrize("n_members", [1, 3])
@pytest.mark.parametrize("head", ["mlp", "feedback"])
def test_the_exact_gramian_is_what_autograd_gives(head, n_members):
    y = with_gaps(Y)
    model = tiny(
        MultiTaskMixedEstimator,
        head=head,
        n_members=n_members,
        balancing="mgda",
        **EXACT,
    )
    model, batch = captured(model, X, y)
    with torch.no_grad():  # V is zero at the start
        for parameter in model.net_.module_.tail.parameters():
            parameter.add_(0.3)
    balance = model.net_.balance
    assert balance.gramian == "shared"
    J = task_gradients(model, batch)
    places = balance.order.places
    module, criterion = model.net_.module_, model.net_.criterion_
    parts = module.encode(batch[0])
    _, dlogits = criterion(module.decode(parts).detach(), *batch[1])
    found = balance._gramian(module, parts, dlogits)
    expected = (J @ J.mT)[:, places][:, :, places]
    torch.testing.assert_close(found, expected, rtol=1e-5, atol=1e-12)


@pytest.mark.parametrize("head", ["mlp", "feedback"])
def test_equal_weights_of_gradients_are_the_plain_sum(head, monkeypatch):
    arguments = {"head": head, "weight_decay": 0.0, "optimizer": "sgd", **EXACT}
    plain = tiny(MultiTaskMixedEstimator, **arguments).fit(X, Y)
    model = tiny(MultiTaskMixedEstimator, balancing="mgda", **arguments)
    from sklearn_mtl.balancing import MGDA

    def even(self, step, state):
        return np.full(step.gramian.shape[:-1], 1 / step.gramian.shape[-1])

    monkeypatch.setattr(MGDA, "_weigh", even)
    found = parameters(model.fit(X, Y))
    for name, value in parameters(plain).items():
        torch.testing.assert_close(found[name], value, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("head", ["mlp", "feedback"])
def test_there_is_no_closed_gramian_under_a_head_that_is_not_linear(head):
    model = tiny(MultiTaskClassifier, head=head, balancing="upgrad")
    assert set(model.fit(X, Y[:, :2]).history_["gramian"]) == {"shared"}
    message = f"requires linear heads .*, but head='{head}' is not linear"
    with pytest.raises(ValueError, match=message):
        model.set_params(gramian="features").fit(X, Y[:, :2])


@pytest.mark.parametrize("head", ["mlp", "feedback"])
@pytest.mark.parametrize("balancing", ["uncertainty", "pcgrad"])
def test_a_net_with_its_head_is_pickled_cloned_and_fitted_again(head, balancing):
    model = tiny(
        MultiTaskMixedEstimator, head=SPECS[head], balancing=balancing, n_members=2
    ).fit(X, Y)
    again = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(model.predict_proba(X)[0], again.predict_proba(X)[0])
    assert same_bits(model, clone(model).fit(X, Y))


def test_feedback_tells_one_task_what_another_knows():
    """The second task is which of the classes of the first is meant, and noise else."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(800, 6))
    first = (X[:, 0] * X[:, 1] > 0).astype(int)
    y = np.column_stack([first, first])
    y = y.astype(float)
    y[rng.random(800) < 0.95, 1] = np.nan  # 40 labels: too few to learn a product
    arguments = {"hidden_layer_sizes": (32,), "max_epochs": 40, "lr": 0.01}
    model = tiny(MultiTaskClassifier, head="feedback", **arguments).fit(X, y)
    weight = model.net_.module_.tail.weight.detach()[0]
    assert weight[0, 1] > 0.05  # what the first says is read, with the right sign


def test_heads_are_searchable_with_trunks_and_balancing():
    model = tiny(MultiTaskClassifier, max_epochs=2, n_members=1)
    grid = {
        "head": ["linear", MLPHead((4,)), "feedback"],
        "trunk": [MLP((6,)), MixtureOfExperts(2, (6,))],
        "balancing": ["sum", "uncertainty", "upgrad"],
    }
    search = GridSearchCV(
        model, grid, scoring=per_task_scorers(), refit="mean", cv=2, error_score="raise"
    ).fit(X, Y[:, :2])
    assert len(search.cv_results_["params"]) == 18
    assert clone(model).set_params(head=MLPHead(), head__dropout=0.2)


def test_the_hidden_units_of_a_head_are_what_is_projected_on():
    model = tiny(MultiTaskClassifier, head=MLPHead((3,)), **EXACT).fit(X, Y[:, :2])
    module = model.net_.module_
    z = torch.as_tensor(model.transform_task(X, 1, kind="input")).double()
    seen = torch.as_tensor(model.transform_task(X, 1)).double()
    weight = module.heads.weight.detach()[0, :, 3:6]
    # the units of the head are a linear map of the coordinates
    units = z @ weight
    fit = torch.linalg.lstsq(seen, units).solution
    torch.testing.assert_close(seen @ fit, units, rtol=1e-4, atol=1e-4)
    logits = F.gelu(units + module.heads.bias.detach()[0, :, 3:6])
    assert logits.shape == (120, 3)
