"""Balancing inside the nets."""

import pickle

import numpy as np
import pytest
import torch
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV

from sklearn_mtl import (
    MultiTaskClassifier,
    MultiTaskMixedEstimator,
    MultiTaskRegressor,
)
from sklearn_mtl.balancing import METHODS, STCH, Fixed, GradientAggregator, UPGrad
from sklearn_mtl.modules import (
    MLP,
    CrossStitch,
    MixtureOfExperts,
    ProgressiveExtraction,
    SharedPrivate,
)
from sklearn_mtl.neural_network.objective._gradients import exact_gramian
from sklearn_mtl.tasks import stack_tasks
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

# "fixed" without weights is the sum, "mean" a T-th of it
SAME_AS_SUM = {"sum", "fixed"}
AGGREGATORS = [n for n, kind in METHODS.items() if issubclass(kind, GradientAggregator)]


def captured(model, X, y, **fit):
    """Fit for one step that does not move; return module, criterion and the batch."""
    seen = []
    model = untrained(model, X, y)
    net = model.net_
    original = net.train_step

    def spy(batch, **kwargs):
        seen.append(batch)
        return original(batch, **kwargs)

    net.train_step = spy
    model.set_params(warm_start=True, lr=1e-300, max_epochs=1, optimizer="sgd")
    model.fit(X, y, **fit)
    del net.train_step
    return model, seen[0]


def task_gradients(model, batch, of_features=False):
    """Return by autograd each task's gradient, (n_tasks, -1), in layout order."""
    module, criterion = model.net_.module_, model.net_.criterion_
    x, (targets, weights) = batch
    layout, rows = [], []
    for place in range(criterion.layout.n_trained):
        z = module.encode(x)[0]
        cut = z.detach().requires_grad_() if of_features else z
        logits = module.decode((cut,))
        _, dlogits = criterion(logits, targets, weights)
        own = torch.zeros_like(dlogits)
        columns = criterion.layout.columns(place)
        own[..., columns] = dlogits[..., columns]
        inputs = [cut] if of_features else module.shared_parameters()
        found = torch.autograd.grad(logits, inputs, own)
        layout.append(place)
        rows.append(torch.cat([g.flatten(1) for g in found], dim=1))
    return torch.stack(rows, dim=1)  # (n_members, n_tasks, n_numbers)


@pytest.mark.parametrize("cls", ALL)
@pytest.mark.parametrize("n_members", [1, 3])
@pytest.mark.parametrize("gramian", ["features", "shared"])
def test_the_gramian_is_what_autograd_gives(cls, n_members, gramian):
    X, y = table(60)
    y = with_gaps(targets_of(cls, y))
    model = tiny(cls, n_members=n_members, balancing="mgda", gramian=gramian, **EXACT)
    weights = np.random.default_rng(0).random(y.shape)
    model, batch = captured(model, X, y, sample_weight=weights)
    balance = model.net_.balance
    J = task_gradients(model, batch, of_features=gramian == "features")
    places = balance.order.places
    expected = (J @ J.mT)[:, places][:, :, places]
    module, criterion = model.net_.module_, model.net_.criterion_
    parts = module.encode(batch[0])
    _, dlogits = criterion(module.decode(parts).detach(), *batch[1])
    found = balance._gramian(module, parts, dlogits)
    torch.testing.assert_close(found, expected, rtol=1e-5, atol=1e-12)


@pytest.mark.parametrize(
    "trunk",
    [
        MixtureOfExperts(3, (4,)),
        ProgressiveExtraction(2, 1, hidden_layer_sizes=(4,)),
        CrossStitch((4,)),
        SharedPrivate((4,), (3,)),
    ],
    ids=lambda trunk: type(trunk).__name__,
)
def test_the_exact_gramian_of_every_trunk_is_what_autograd_gives(trunk):
    X, y = table(60)
    model = tiny(MultiTaskMixedEstimator, trunk=trunk, n_members=2, **EXACT)
    model, batch = captured(model, X, with_gaps(y))
    module, criterion = model.net_.module_, model.net_.criterion_
    x, (targets, weights) = batch
    parts = module.encode(x)
    logits = module.decode(parts)
    _, dlogits = criterion(logits.detach(), targets, weights)
    shared = module.shared_parameters()
    rows = []
    for place in range(3):
        own = torch.zeros_like(dlogits)
        columns = criterion.layout.columns(place)
        own[..., columns] = dlogits[..., columns]
        found = torch.autograd.grad(
            logits, shared, own, retain_graph=True, allow_unused=True
        )
        pairs = zip(found, shared, strict=True)
        numbers = [torch.zeros_like(p) if g is None else g for g, p in pairs]
        rows.append(torch.cat([g.flatten(1) for g in numbers], dim=1))
    J = torch.stack(rows, dim=1)
    of = torch.as_tensor(criterion.layout.task_places)
    found = exact_gramian(module, parts, dlogits, of, 3)
    torch.testing.assert_close(found, J @ J.mT, rtol=1e-5, atol=1e-12)


def test_the_exact_gramian_knows_the_members_of_own_modules():
    X, y = table(60)

    def trunk(n_features):
        return torch.nn.Sequential(torch.nn.Linear(n_features, 5), torch.nn.Tanh())

    model = tiny(MultiTaskRegressor, trunk=trunk, n_members=2, **EXACT)
    model, batch = captured(model, X, y[:, ::2])
    module, criterion = model.net_.module_, model.net_.criterion_
    x, (targets, weights) = batch
    parts = module.encode(x)
    _, dlogits = criterion(module.decode(parts).detach(), targets, weights)
    found = exact_gramian(module, parts, dlogits, torch.arange(2), 2)
    for m, member in enumerate(module.trunk.members):
        rows = []
        for t in range(2):
            z = member(x[m])
            logits = z @ module.heads.weight[m].detach()
            own = torch.autograd.grad(
                logits[:, t], list(member.parameters()), dlogits[m, :, t]
            )
            rows.append(torch.cat([g.flatten() for g in own]))
        J = torch.stack(rows)
        torch.testing.assert_close(found[m], J @ J.T)


def test_the_plain_sum_has_nothing_in_its_way():
    X, y = table()
    model = tiny(MultiTaskClassifier).fit(X, y[:, :2])
    assert model.net_.balance is None
    assert model.net_.run_ is None
    assert same_bits(
        tiny(MultiTaskClassifier, balancing=Fixed()).fit(X, y[:, :2]), model
    )


@pytest.mark.parametrize("name", sorted(METHODS.keys() - SAME_AS_SUM))
def test_a_method_learns_something_else_than_the_sum(name):
    X, y = table()
    y = with_gaps(y)
    arguments = {"n_members": 2, "optimizer": "sgd", "lr": 0.1}
    arguments["update_every"] = 3  # gradnorm starts with equal weights
    plain = tiny(MultiTaskMixedEstimator, **arguments).fit(X, y)
    model = tiny(MultiTaskMixedEstimator, balancing=name, **arguments).fit(X, y)
    weights = model.history_["task_weight"]
    assert weights.shape == (len(weights), 3)
    assert np.isfinite(weights).all()
    assert same_bits(model, plain) == bool((weights == 1).all())
    assert not same_bits(model, plain)
    again = clone(model).fit(X, y)
    assert same_bits(model, again)
    assert np.isfinite(model.score(X, y))


@pytest.mark.parametrize("name", AGGREGATORS)
def test_weights_of_gradients_move_what_is_shared_and_not_the_heads(name):
    X, y = table(60)
    arguments = {"optimizer": "sgd", "lr": 0.1, "weight_decay": 0.0, **EXACT}
    arguments["max_epochs"] = 1
    plain = parameters(tiny(MultiTaskMixedEstimator, **arguments).fit(X, y))
    model = tiny(MultiTaskMixedEstimator, balancing=name, **arguments).fit(X, y)
    has_weights = not np.allclose(model.history_["task_weight"], 1, rtol=1e-9)
    # there is no conflict here, and gradnorm starts with equal weights
    assert has_weights or name in ("gradnorm", "pcgrad", "upgrad")
    for key, value in parameters(model).items():
        if key.startswith("heads"):
            torch.testing.assert_close(value, plain[key], rtol=1e-12, atol=1e-14)
        elif "bias" not in key:
            # not to the bit: without weights the products are ordered otherwise
            is_plain = torch.allclose(value, plain[key], rtol=1e-9, atol=1e-12)
            assert is_plain != has_weights


def test_the_step_of_the_trunk_is_the_weighted_sum_of_task_gradients():
    X, y = table(60)
    arguments = {"optimizer": "sgd", "weight_decay": 0.0, "n_members": 2, **EXACT}
    method = {"balancing": "aligned_mtl", "gramian": "shared"}
    model, batch = captured(tiny(MultiTaskMixedEstimator, **method, **arguments), X, y)
    net = model.net_
    J = task_gradients(model, batch)
    w = 3 * METHODS["aligned_mtl"]().weigh(J @ J.mT)
    expected = (w[:, None] @ J).squeeze(1)
    net.balance.balancer.n_steps = 0
    net.balance.backward(net.module_, net.criterion_, batch, 0.1)
    found = [p.grad.flatten(1) for p in net.module_.shared_parameters()]
    torch.testing.assert_close(torch.cat(found, dim=1), expected)


def test_parts_of_one_task_get_the_plain_gradient():
    X, y = table(60)
    arguments = {"optimizer": "sgd", "lr": 0.1, "weight_decay": 0.0, **EXACT}
    arguments |= {"max_epochs": 1, "trunk": MixtureOfExperts(2, (4,))}
    plain = tiny(MultiTaskMixedEstimator, **arguments).fit(X, y)
    model = tiny(MultiTaskMixedEstimator, balancing="upgrad", **arguments).fit(X, y)
    shared = {id(p) for p in model.net_.module_.shared_parameters()}
    named = dict(plain.net_.module_.named_parameters())
    private = [
        name for name, p in model.net_.module_.named_parameters() if id(p) not in shared
    ]
    for name in private:
        ours = dict(model.net_.module_.named_parameters())[name]
        torch.testing.assert_close(ours, named[name], rtol=1e-12, atol=1e-14)
    assert model.history_["gramian"][0] == "shared"


@pytest.mark.parametrize(
    ("share", "expected"), [(0.0, "features"), (0.1, "features"), (0.6, "shared")]
)
def test_auto_looks_at_the_labels_that_tasks_have_in_common(share, expected):
    X, y = table()
    y = with_gaps(y[:, :2], share)
    model = tiny(MultiTaskClassifier, balancing="upgrad").fit(X, y)
    assert (model.history_["gramian"] == expected).all()
    assert model.net_.balance.balancer.update_every == (
        1 if expected == "features" else 10
    )


@pytest.mark.parametrize("gramian", ["features", "auto"])
def test_own_rows_show_a_conflict_that_feature_gradients_hide(gramian):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(200, 4))
    one, other = X[:100, 0] > 0, X[100:, 0] <= 0
    X, y = stack_tasks([(X[:100], one), (X[100:], other)])[:2]
    method = {"balancing": "upgrad", "gramian": gramian}
    model, batch = captured(tiny(MultiTaskClassifier, **method, **EXACT), X, y)
    net, balance = model.net_, model.net_.balance
    with torch.no_grad():  # heads alike: the tasks want opposite things of the trunk
        net.module_.heads.weight[..., 1] = net.module_.heads.weight[..., 0]
        net.module_.heads.bias.zero_()
    J = task_gradients(model, batch)[0]
    assert torch.cosine_similarity(J[0], J[1], dim=0) < -0.5
    balance.balancer.n_steps = 0
    balance.backward(net.module_, net.criterion_, batch, 0.1)
    if gramian == "features":
        assert (balance.balancer.held == 1).all()
    else:
        assert balance.gramian == "shared"
        assert (balance.balancer.held > 1.2).all()


def test_monitoring_changes_nothing_and_tells_norms_and_cosine():
    X, y = table()
    y = with_gaps(y)
    plain = tiny(MultiTaskMixedEstimator, dropout=0.2).fit(X, y)
    model = tiny(MultiTaskMixedEstimator, dropout=0.2, monitor="gradients").fit(X, y)
    assert same_bits(plain, model)
    n_epochs = model.n_iter_
    assert model.history_["gradient_norm"].shape == (n_epochs, 3)
    assert (model.history_["gradient_norm"] > 0).all()
    assert (np.abs(model.history_["gradient_cosine"]) <= 1).all()


def test_monitored_norms_are_those_of_autograd():
    X, y = table(60)
    v = np.array([1.0, 3.0, 0.5])
    model = tiny(MultiTaskMixedEstimator, monitor="gradients", task_weight=v, **EXACT)
    model, batch = captured(model, X, y)
    J = task_gradients(model, batch)[0]
    order = model.net_.criterion_.layout.order
    norms = np.empty(3)
    norms[order] = J.norm(dim=1).numpy() / v[order]
    np.testing.assert_allclose(model.history_["gradient_norm"][-1], norms)
    unit = J / J.norm(dim=1, keepdim=True)
    cosine = (unit @ unit.T)[np.triu_indices(3, 1)].mean()
    assert model.history_["gradient_cosine"][-1] == pytest.approx(float(cosine))


def test_given_weights_are_in_the_order_of_y_and_by_name():
    X, y = table()
    given = tiny(MultiTaskMixedEstimator, balancing=Fixed([1.0, 2.0, 3.0])).fit(X, y)
    named = Fixed({"task1": 2.0, "task2": 3.0})
    assert same_bits(tiny(MultiTaskMixedEstimator, balancing=named).fit(X, y), given)
    np.testing.assert_allclose(given.history_["task_weight"][0], [1.0, 2.0, 3.0])
    weighed = tiny(MultiTaskMixedEstimator, task_weight=[1.0, 2.0, 3.0], **EXACT)
    fixed = tiny(MultiTaskMixedEstimator, balancing=Fixed([1.0, 2.0, 3.0]), **EXACT)
    weighed, fixed = parameters(weighed.fit(X, y)), parameters(fixed.fit(X, y))
    for name, value in weighed.items():
        torch.testing.assert_close(fixed[name], value)


@pytest.mark.parametrize("name", ["imtl_g", "famo", "nash_mtl"])
def test_a_method_says_that_it_ignores_task_weight(name):
    X, y = table()
    model = tiny(MultiTaskClassifier, balancing=name, task_weight=[1.0, 2.0])
    with pytest.warns(UserWarning, match="ignores task_weight"):
        model.fit(X, y[:, :2])


@pytest.mark.parametrize("name", METHODS)
def test_a_task_of_weight_zero_does_not_matter(name):
    X, y = table()
    model = tiny(
        MultiTaskClassifier, balancing=name, task_weight=[1.0, 0.0], n_members=2
    )
    ignores = METHODS[name].role_of_task_weight == "ignored"
    if ignores:
        with pytest.warns(UserWarning, match="ignores"):
            model.fit(X, y[:, :2])
    else:
        model.fit(X, y[:, :2])
    assert all(value.isfinite().all() for value in parameters(model).values())


@pytest.mark.parametrize("name", ["uncertainty", "dwa", "imtl_l", "famo", "pcgrad"])
def test_what_is_learnt_goes_on_through_pickle_and_partial_fit(name):
    X, y = table(1100)  # of fewer samples the net would be made anew
    classes = [[0, 1], [0, 1, 2]]
    model = tiny(MultiTaskClassifier, balancing=name, n_members=2)
    for _ in range(3):
        model.partial_fit(X, y[:, :2], classes=classes)
    copy = pickle.loads(pickle.dumps(model))
    for one in (model, copy):
        one.partial_fit(X, y[:, :2])
    assert same_bits(model, copy)
    if name != "pcgrad":
        first = model.history_["task_weight"][0]
        assert (model.history_["task_weight"][3] != first).any()


@pytest.mark.parametrize("name", ["UPGradWeighting", "PCGradWeighting", "IMTLG"])
def test_objects_of_torchjd_are_accepted(name):
    torchjd = pytest.importorskip("torchjd.aggregation")
    X, y = table()
    try:
        method = getattr(torchjd, name)()
    except ImportError:
        pytest.skip("a solver that torchjd needs is not installed")
    model = tiny(MultiTaskMixedEstimator, balancing=method, n_members=2).fit(X, y)
    assert same_bits(model, clone(model).fit(X, y))


def test_torchjd_and_our_own_upgrad_learn_the_same():
    torchjd = pytest.importorskip("torchjd.aggregation")
    X, y = table()
    try:
        theirs = torchjd.UPGradWeighting()
    except ImportError:
        pytest.skip("a solver that torchjd needs is not installed")
    common = {"optimizer": "sgd", "weight_decay": 0.0, "early_stopping": False}
    ours = tiny(MultiTaskMixedEstimator, balancing="upgrad", lr=0.01, **common)
    ours.fit(X, y)
    model = tiny(MultiTaskMixedEstimator, balancing=theirs, lr=0.01, **common)
    model.fit(X, y)
    ratio = ours.history_["task_weight"] / model.history_["task_weight"]
    # theirs are the weights of a mean, and their Gramian has an absolute threshold
    np.testing.assert_allclose(ratio, 3.0, rtol=1e-2)


def test_members_are_balanced_each_for_itself():
    X, y = table(80)
    y = with_gaps(y)
    common = {"balancing": "mgda", "gramian": "features", **EXACT}
    alone = tiny(MultiTaskMixedEstimator, n_members=1, **common).fit(X, y)
    both = tiny(MultiTaskMixedEstimator, n_members=2, **common).fit(X, y)
    first = {name: value[:1] for name, value in parameters(both).items()}
    for name, value in parameters(alone).items():
        torch.testing.assert_close(first[name], value, rtol=1e-6, atol=1e-8)


def test_methods_are_searched_like_any_parameter():
    X, y = table(60)
    grid = {"balancing": ["sum", "upgrad", STCH(mu=0.5)]}
    search = GridSearchCV(tiny(MultiTaskRegressor, max_epochs=2), grid, cv=2)
    assert len(search.fit(X, y[:, ::2]).cv_results_["params"]) == 3
    model = tiny(MultiTaskRegressor, balancing=STCH()).set_params(balancing__mu=2.0)
    assert model.balancing.mu == 2.0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"balancing": "best"}, "'balancing' parameter"),
        ({"gramian": "all"}, "'gramian' parameter"),
        ({"update_every": 0}, "'update_every' parameter"),
        ({"monitor": "losses"}, "'monitor' parameter"),
        (
            {
                "balancing": UPGrad(),
                "gramian": "features",
                "trunk": MixtureOfExperts(2, (4,)),
            },
            "MixtureOfExperts has one representation per task",
        ),
    ],
)
def test_what_cannot_be_is_refused(arguments, message):
    X, y = table()
    with pytest.raises(ValueError, match=message):
        tiny(MultiTaskClassifier, **arguments).fit(X, y[:, :2])


def test_a_trunk_without_parameters_leaves_nothing_to_balance():
    X, y = table()
    arguments = {"trunk": MLP(hidden_layer_sizes=()), **EXACT}
    plain = tiny(MultiTaskRegressor, **arguments).fit(X, y[:, ::2])
    for gramian in ("features", "shared"):
        model = tiny(
            MultiTaskRegressor, balancing="upgrad", gramian=gramian, **arguments
        ).fit(X, y[:, ::2])
        for name, value in parameters(plain).items():
            torch.testing.assert_close(parameters(model)[name], value)
