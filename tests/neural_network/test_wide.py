"""A sparse X with many columns, whose batches are never made dense."""

import pickle

import numpy as np
import pytest
import torch
from scipy import sparse
from sklearn.feature_extraction.text import TfidfTransformer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score
from sklearn.multioutput import MultiOutputClassifier

from sklearn_mtl import MultiTaskClassifier, MultiTaskRegressor
from sklearn_mtl.modules import MLP, MemberLinear, MixtureOfExperts, Pretrained
from sklearn_mtl.neural_network.data._rows import as_rows
from sklearn_mtl.persistence import load, save

N_COLUMNS = 600


def make_words(n_samples=240, seed=0):
    """Return TF-IDF of drawn words, and two tasks that ask for some of them."""
    rng = np.random.default_rng(seed)
    share = 1.0 / (5.0 + np.arange(N_COLUMNS))
    counts = rng.multinomial(30, share / share.sum(), size=n_samples)
    X = sparse.csr_array(TfidfTransformer().fit_transform(counts))
    signs = np.random.default_rng(1).normal(size=(N_COLUMNS, 2))
    return X, (X @ signs > 0).astype(int)


X, Y = make_words()


def tiny(estimator=MultiTaskClassifier, **kwargs):
    """Return a net that is trained for a moment."""
    chosen = {"n_members": 2, "max_epochs": 3, "random_state": 0, **kwargs}
    return estimator(**chosen)


def first_layer(model):
    """Return the weights of the layer that reads the columns."""
    return model.net_.module_.trunk[0].weight.detach()


def test_words_are_learned_as_by_logistic_regression():
    model = MultiTaskClassifier(n_members=2, random_state=0).fit(X, Y)
    linear = MultiOutputClassifier(LogisticRegression(C=10)).fit(X, Y)
    new, truth = make_words(seed=2)
    expected = np.mean(linear.predict(new) == truth)
    assert model.score(new, truth) > expected - 0.05 > 0.6
    assert model.transform(new).shape == (240, 2 * 32)


def test_early_stopping_uses_the_plain_loss():
    history = tiny(early_stopping=True, max_epochs=6).fit(X, Y).history_
    plain = 1 - history["valid_score"].mean(axis=1)
    np.testing.assert_allclose(history["valid_criterion"], plain, rtol=1e-6)


def test_the_first_layer_is_a_product_with_the_scaled_columns():
    model = tiny().fit(X, Y)
    scale = model._state.preparation.scale_[:, None]
    dense = torch.as_tensor(X.toarray()[None] / scale).float()
    expected = torch.cat(list(dense @ first_layer(model)), dim=1)
    np.testing.assert_allclose(model.transform(X), expected, rtol=1e-4, atol=1e-5)


def test_the_gradient_is_that_of_a_dense_product():
    model = tiny(early_stopping=False).fit(X, Y)
    module = model.net_.module_
    rows = X[:20]
    scale = model._state.preparation.scale_[0]
    x = torch.as_tensor(rows.toarray() / scale).float()
    weight = first_layer(model).clone().requires_grad_()
    (x @ weight).square().sum().backward()
    columns = model._state.preparation.transform(rows)
    packed = as_rows(columns, torch.float32, torch.device("cpu")).span(0, 20)
    module.trunk(module.inputs(packed.expand(2, -1, -1, -1))).square().sum().backward()
    found = module.trunk[0].weight.grad
    torch.testing.assert_close(found, weight.grad, rtol=1e-4, atol=1e-4)


def test_the_first_layer_has_options_of_its_own():
    groups = tiny(lr=0.01).fit(X, Y).net_.optimizer_.param_groups
    assert [group["eps"] for group in groups] == [1e-3, 1e-8, 1e-8]
    assert groups[0]["lr_factor"] == 20.0
    assert groups[0]["lr"] == pytest.approx(20.0 * groups[-1]["lr"])


def make_tags(n_samples=240, seed=0):
    """Return TF-IDF of drawn words, and 40 tags, each for some texts with a word."""
    words, _ = make_words(n_samples, seed)
    columns = np.random.default_rng(5).choice(np.arange(20, 60), 40, replace=False)
    has_word = (words[:, columns] > 0).toarray()
    is_chosen = np.random.default_rng(seed).random(has_word.shape) < 0.3
    return words, (has_word & is_chosen).astype(int)


def test_at_first_the_gradient_of_a_tag_does_not_change_other_tags():
    net = tiny(lr=1e-12).fit(*make_tags()).net_
    heads = net.module_.heads.weight.detach()
    expected = 16.0 * torch.eye(40).expand(2, 40, 40)
    torch.testing.assert_close(heads.mT @ heads, expected)
    assert net.optimizer_.param_groups[0]["eps"] == 1e-2


@pytest.mark.parametrize(
    "changed", [{"hidden_layer_sizes": (8,)}, {"head": "mlp"}], ids=str
)
def test_with_hidden_layers_the_heads_of_tags_keep_their_usual_start(changed):
    net = tiny(lr=1e-12, **changed).fit(*make_tags()).net_
    heads = net.module_.heads.weight.detach()
    bound = heads.shape[1] ** -0.5
    assert 0.9 * bound < heads.abs().max() <= 1.001 * bound
    assert net.optimizer_.param_groups[0]["eps"] == 1e-3


def test_an_mlp_with_other_parameters_gives_the_layers_after_the_first():
    class Narrow(MLP):
        def __init__(self, width=4):
            super().__init__((width,))
            self.width = width

    trunk = tiny(trunk=Narrow(6)).fit(X, Y).net_.module_.trunk
    assert type(trunk[1]) is MemberLinear
    assert trunk[1].weight.shape == (2, 32, 6)


def test_rare_tags_are_learned_nearly_as_by_logistic_regression():
    (words, y), (new, truth) = make_tags(1200, 3), make_tags(1200, 4)
    net = MultiTaskClassifier(n_members=2, random_state=0).fit(words, y)
    linear = MultiOutputClassifier(LogisticRegression(C=10)).fit(words, y)
    found, expected = (
        average_precision_score(truth, np.stack(model.predict_proba(new))[:, :, 1].T)
        for model in (net, linear)
    )
    assert found > 0.85 * expected > 0.2  # random heads: 0.75


@pytest.mark.parametrize("container", [np.asarray, sparse.csc_array, sparse.coo_array])
def test_predictions_do_not_depend_on_the_container(container):
    model = tiny().fit(X, Y)
    form = X.toarray() if container is np.asarray else container(X)
    for one, other in zip(
        model.predict_proba(form), model.predict_proba(X), strict=True
    ):
        np.testing.assert_array_equal(one, other)


def test_rows_without_words_get_a_prediction():
    model = tiny().fit(X, Y)
    empty = sparse.csr_array((3, N_COLUMNS))
    assert np.isfinite(model.predict_proba(empty)).all()


def test_the_same_seed_gives_the_same_bits():
    one, other = tiny().fit(X, Y), tiny().fit(X, Y)
    assert torch.equal(first_layer(one), first_layer(other))


def test_weights_of_two_are_as_rows_that_come_twice():
    arguments = {"early_stopping": False, "batch_size": None, "dtype": "float64"}
    small, y = X[:60], Y[:60]
    weighted = tiny(**arguments).fit(small, y, np.full(60, 2.0))
    twice = tiny(**arguments).fit(sparse.vstack([small, small]), np.tile(y, (2, 1)))
    np.testing.assert_allclose(
        weighted.predict_proba(X), twice.predict_proba(X), rtol=1e-6
    )


def test_the_unit_of_x_does_not_matter():
    one, other = tiny().fit(X, Y), tiny().fit(X * 1024.0, Y)
    np.testing.assert_allclose(
        one.predict_proba(X), other.predict_proba(X * 1024.0), rtol=1e-3
    )


@pytest.mark.parametrize(
    "changed",
    [
        {"balancing": "upgrad", "gramian": "shared"},
        {"balancing": "pcgrad", "gramian": "shared"},
        {"balancing": "mgda"},
        {"monitor": "gradients"},
        {"shared_penalty": 0.01},
        {"task_relation": "learned"},
        {"hidden_layer_sizes": (8,)},
        {"trunk": MLP((8,), normalization="batch")},
        {"trunk": MixtureOfExperts()},
        {"dtype": "bfloat16"},
        {"optimizer": "sgd"},
    ],
    ids=str,
)
def test_other_arguments_take_wide_columns(changed):
    model = tiny(**changed).fit(X, Y)
    assert np.isfinite(model.predict_proba(X)).all()


def test_a_regressor_takes_wide_columns():
    model = tiny(MultiTaskRegressor).fit(X, Y.astype(float))
    assert model.predict(X).shape == (240, 2)


def test_a_stream_of_wide_columns():
    model = tiny()
    for rows in np.array_split(np.arange(240), 4):
        model.partial_fit(X[rows], Y[rows], classes=[[0, 1], [0, 1]])
    assert model.score(X, Y) > 0.6


def test_an_added_task_reads_wide_columns():
    model = tiny().fit(X, Y[:, :1])
    model.add_task(X, Y[:, 1], name="second")
    assert model.predict(X).shape == (240, 2)


def test_a_trunk_of_wide_columns_serves_another_net(tmp_path):
    model = tiny().fit(X, Y)
    other = tiny(trunk=Pretrained(model), n_members="auto").fit(X, Y[:, 0])
    np.testing.assert_array_equal(other.transform(X), model.transform(X))
    save(model, tmp_path / "net.mtl")
    again = load(tmp_path / "net.mtl")
    for found in (again, pickle.loads(pickle.dumps(model))):
        np.testing.assert_array_equal(found.predict_proba(X), model.predict_proba(X))
