"""No group is on both sides of a hold-out, whatever estimator holds samples out."""

import numpy as np
import pytest
from sklearn.base import clone

from sklearn_mtl.utils._fit_params import takes
from tests.chance import chance
from tests.zoo import predictors

ZOO = {
    key: make
    for key, make in predictors().items()
    if takes(make(), "groups") and "conv" not in key
}
N_GROUPS, N_COPIES = 40, 3


def holding_out(key):
    """Return an estimator that holds samples out, where it has to be told."""
    model = ZOO[key]()
    told = {"early_stopping": True, "n_members": 3, "max_epochs": 20}
    known = model.get_params(deep=False)
    return model.set_params(**{k: v for k, v in told.items() if k in known})


def copies(kind):
    """Return near-copies of subjects whose labels have nothing to do with X."""
    rng = np.random.default_rng(0)
    Z, t = rng.normal(size=(N_GROUPS, 15)), rng.normal(size=(N_GROUPS, 2))
    if kind == "classifier":
        t = (t > 0) * 1.0
    elif kind == "mixed":
        t[:, 0] = t[:, 0] > 0
    groups = np.repeat(np.arange(N_GROUPS), N_COPIES)
    noise = 0.01 * rng.normal(size=(len(groups), 15))
    return Z[groups] + noise, t[groups], groups


def held_out(model):
    """Return probabilities of the second class, or values, (n_samples, n_tasks)."""
    outputs = model.oof_prediction_
    return np.stack([one[:, 1] if one.ndim == 2 else one for one in outputs], axis=1)


def skill(y, outputs):
    """Return the mean over tasks of the share of the variance that is explained."""
    errors = ((outputs - y) ** 2).mean(axis=0)
    return float(np.mean(1 - errors / y.var(axis=0)))


@pytest.mark.parametrize("key", ZOO, ids=" ".join)
def test_out_of_fold_predictions_know_nothing_of_the_group(key):
    X, y, groups = copies(key[0])
    model = holding_out(key).fit(X, y, groups=groups)
    if hasattr(model, "oof_prediction_"):
        assert skill(y, held_out(model)) < 0.2
        assert np.abs(chance(y, held_out(model).T, groups)).max() < 3
        plain = holding_out(key).fit(X, y)  # a perfect correlation is sqrt(39) = 6.2
        assert chance(y, held_out(plain).T, groups).min() > 4


@pytest.mark.parametrize("key", ZOO, ids=" ".join)
def test_names_and_containers_of_groups_do_not_matter(key):
    X, y, groups = copies(key[0])
    model = holding_out(key)
    one = clone(model).fit(X, y, groups=groups)
    two = clone(model).fit(X, y, groups=[f"subject {99 - g}" for g in groups])
    np.testing.assert_array_equal(one.predict(X), two.predict(X))


@pytest.mark.parametrize("key", ZOO, ids=" ".join)
def test_groups_of_another_length_are_refused(key):
    X, y, groups = copies(key[0])
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        holding_out(key).fit(X, y, groups=groups[1:])
