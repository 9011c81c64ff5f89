"""What every trunk with a representation of its own for each task does."""

import pickle

import numpy as np
import pytest
import torch
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV
from sklearn.utils.estimator_checks import parametrize_with_checks

from sklearn_mtl import MultiTaskClassifier, MultiTaskMixedEstimator
from sklearn_mtl.exceptions import SingleClassWarning, TaskError
from sklearn_mtl.model_selection import MultiTaskStratifiedKFold, per_task_scorers
from sklearn_mtl.modules import (
    MLP,
    CrossStitch,
    MixtureOfExperts,
    ProgressiveExtraction,
    SharedPrivate,
)
from tests.modules.trunk_cases import EXACT, built, rows, table

# spec -> (width of the shared representation, of what a head reads), for three tasks
TRUNKS = {
    "mixture": (MixtureOfExperts(2, (4,)), 8, 4),
    "extraction": (ProgressiveExtraction(2, 1, 2, (4,)), 8, 4),
    "cross-stitch": (CrossStitch((4,)), 12, 4),
    "shared-private": (SharedPrivate((6,), (2,)), 6, 8),
}
SPECS = {name: found[0] for name, found in TRUNKS.items()}


@pytest.fixture(scope="module", params=TRUNKS)
def fitted(request):
    """Return a net with three tasks on the trunk, and the expected widths."""
    spec, n_shared, n_hidden = TRUNKS[request.param]
    X, y = table()
    model = MultiTaskMixedEstimator(trunk=spec, max_epochs=2, random_state=0)
    return model.fit(X, y), X, n_shared, n_hidden


def test_transform_gives_what_the_tasks_share(fitted):
    model, X, n_shared, _ = fitted
    shared = model.transform(X)
    assert shared.shape == (90, 8 * n_shared)  # "auto" makes eight members
    assert shared.dtype == np.float32
    assert len(model.get_feature_names_out()) == shared.shape[1]


def test_a_task_has_an_input_of_its_own_and_its_projection(fitted):
    model, X, _, n_hidden = fitted
    inputs = [model.transform_task(X, t, kind="input") for t in range(3)]
    assert inputs[0].shape == (90, 8 * n_hidden)
    assert not np.array_equal(inputs[0], inputs[1])
    assert model.transform_task(X, "task0").shape == (90, 8)
    assert model.transform_task(X, "task1").shape == (90, 8 * min(3, n_hidden))


def test_a_projection_keeps_what_the_logits_see(fitted):
    """Logits are linear in the projection: a fit of one on the other leaves nothing."""
    model, X, _, _ = fitted
    seen = model.transform_task(X, 0)[:, 0]
    z = model.transform_task(X, 0, kind="input")
    weight = model.net_.module_.heads.weight.detach()[0, :, 0].numpy()
    logits = z[:, : len(weight)] @ weight.astype(np.float32)
    assert abs(np.corrcoef(seen, logits)[0, 1]) == pytest.approx(1.0)


def test_a_pickled_net_predicts_the_same(fitted):
    model, X, _, _ = fitted
    again = pickle.loads(pickle.dumps(model))
    for a, b in zip(model.predict_proba(X), again.predict_proba(X), strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("name", SPECS)
def test_the_same_seed_gives_the_same_net(name):
    X, y = table()
    models = [
        MultiTaskMixedEstimator(trunk=SPECS[name], max_epochs=2, random_state=3)
        for _ in range(2)
    ]
    a, b = (model.fit(X, y).transform(X) for model in models)
    np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("name", SPECS)
def test_a_member_is_the_net_of_its_generator(name):
    many = built(SPECS[name], n_members=3, seed=4)
    one = built(SPECS[name], n_members=1, seed=6)
    x = rows(n_members=3)
    torch.testing.assert_close(
        many.gather(many(x))[2], one.gather(one(x[2:]))[0], msg=name
    )


@pytest.mark.parametrize("name", SPECS)
def test_tasks_without_a_head_have_no_input(name):
    X, y = table()
    y = np.column_stack([y[:, 0], np.ones(90)])
    with pytest.warns(SingleClassWarning):
        model = MultiTaskClassifier(trunk=SPECS[name], **EXACT, max_epochs=1).fit(X, y)
    assert model.predict_proba(X)[1].shape == (90, 1)
    message = r"task 'task1' is constant and has no head to read for\.$"
    with pytest.raises(TaskError, match=message):
        model.transform_task(X, "task1", kind="input")


@pytest.mark.parametrize("name", SPECS)
def test_a_net_without_any_head_predicts_the_only_class(name):
    X = table()[0]
    with pytest.warns(SingleClassWarning):
        model = MultiTaskClassifier(trunk=SPECS[name], **EXACT, max_epochs=1).fit(
            X, np.ones((90, 2))
        )
    np.testing.assert_array_equal(model.predict(X), np.ones((90, 2)))
    assert model.transform(X).shape[0] == 90


@pytest.mark.parametrize("name", SPECS)
def test_specs_are_cloned_and_set(name):
    spec = clone(SPECS[name]).set_params(dropout=0.3)
    assert spec.get_params()["dropout"] == 0.3
    assert clone(spec).get_params() == spec.get_params()


def test_trunks_and_their_parameters_are_searched():
    X, y = table()
    search = GridSearchCV(
        MultiTaskClassifier(**{**EXACT, "max_epochs": 3}),
        [
            {"trunk": [MLP((4,)), SPECS["cross-stitch"]]},
            {"trunk": [SPECS["mixture"]], "trunk__n_experts": [1, 3]},
        ],
        cv=MultiTaskStratifiedKFold(2),
        scoring=per_task_scorers(),
        refit="mean",
    ).fit(X, y[:, :2])
    trunks = search.cv_results_["param_trunk"]
    assert [type(trunk) for trunk in trunks[:3]] == [MLP, CrossStitch, MixtureOfExperts]
    assert np.isfinite(search.cv_results_["mean_test_mean"]).all()
    assert SPECS["mixture"].n_experts == 2


@pytest.mark.filterwarnings("ignore::sklearn_mtl.exceptions.SingleClassWarning")
@parametrize_with_checks(
    [
        MultiTaskClassifier(
            trunk=MixtureOfExperts(n_experts=2, hidden_layer_sizes=(8,)),
            n_members=1,
            max_epochs=30,
            lr=0.02,
            random_state=0,
        )
    ]
)
def test_a_net_on_a_mixture_is_an_estimator(estimator, check):
    check(estimator)
