"""`Pretrained` with a fitted model: its trunk and its preparation of X."""

import numpy as np
import pandas as pd
import pytest
import torch
from scipy import sparse
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator
from sklearn.model_selection import GridSearchCV

import sklearn_mtl
from sklearn_mtl import MultiTaskClassifier, MultiTaskRegressor
from sklearn_mtl.exceptions import UnseenCategoryWarning
from sklearn_mtl.modules import Columns, Conv, Pretrained, SharedPrivate
from tests.zoo import SMALL_NET

#: One dtype, whatever the number of samples: the first digits of a trunk are the same.
NET = {**SMALL_NET, "numeric_embedding": None, "dtype": "float32"}


def table(n=150, seed=0):
    rng = np.random.default_rng(seed)
    X = pd.DataFrame(rng.standard_normal((n, 3)), columns=["a", "b", "c"])
    X["ward"] = pd.Categorical(rng.choice(["x", "y"], n))
    X.loc[: n // 10, "b"] = np.nan
    y = np.column_stack([X["a"] + (X["ward"] == "x"), X["c"] - X["a"]])
    return X, y


@pytest.fixture(scope="module", params=[1, 3], ids=["one member", "three"])
def first(request):
    X, y = table()
    return MultiTaskRegressor(**NET | {"n_members": request.param}).fit(X, y)


def later(first, **options):
    trunk = Pretrained(first, **options)
    return MultiTaskRegressor(**NET | {"n_members": "auto", "trunk": trunk})


def test_a_frozen_trunk_represents_new_samples_as_it_did(first):
    X, y = table(60, seed=1)
    model = later(first).fit(X, y[:, 0])
    expected = first.transform(X)
    np.testing.assert_array_equal(model.transform(X), expected)
    # what the new table has other means of is prepared as in the first fit
    one = X.iloc[:1]
    np.testing.assert_array_equal(model.transform(one), first.transform(one))


def test_the_head_learns_what_least_squares_on_the_representation_does(first):
    X, _ = table(60, seed=1)
    z = first.transform(X).astype(float)
    target = z @ np.random.default_rng(0).standard_normal(z.shape[1])
    model = later(first).set_params(max_epochs=500, lr=0.05, weight_decay=0.0)
    # least squares is exact here
    assert model.fit(X, target).score(X, target) > 0.99
    assert later(first, frozen=True).fit(X, target).score(X, target) > 0


def test_a_trunk_that_is_not_frozen_learns_and_the_model_stays(first):
    X, y = table(60, seed=1)
    before = first.predict(X)
    model = later(first, frozen=False, lr=1e-3).fit(X, y[:, 0])
    assert not np.array_equal(model.transform(X), first.transform(X))
    np.testing.assert_array_equal(first.predict(X), before)
    start = first.net_.module_.trunk.state_dict()
    moved = model.net_.module_.trunk.trunk.state_dict()
    assert all(not torch.equal(start[name], moved[name]) for name in start)


def test_clones_and_searches_refer_to_the_same_model(first):
    X, y = table(60, seed=1)
    model = later(first)
    assert clone(model).trunk.module is first
    search = GridSearchCV(model, {"trunk__frozen": [True, False]}, cv=2)
    assert search.fit(X, y[:, 0]).best_estimator_.trunk.module is first
    frozen = later(FrozenEstimator(first)).fit(X, y[:, 0])
    expected = later(first).fit(X, y[:, 0]).predict(X)
    np.testing.assert_array_equal(frozen.predict(X), expected)


def test_it_is_saved_with_the_model(first, tmp_path):
    X, y = table(60, seed=1)
    model = later(first).fit(X, y[:, 0])
    sklearn_mtl.save(model, tmp_path / "it")
    found = sklearn_mtl.load(tmp_path / "it")
    np.testing.assert_array_equal(found.predict(X), model.predict(X))


def test_a_convolutional_trunk_is_taken_as_well():
    rng = np.random.default_rng(0)
    X = rng.integers(0, 256, (40, 64)).astype(np.uint8)
    y = (X[:, :1] > 128).astype(float)
    options = {**SMALL_NET, "max_epochs": 2, "dtype": "float32"}
    first = MultiTaskClassifier(**options, trunk=Conv((1, 8, 8))).fit(X, y)
    model = MultiTaskClassifier(**options, trunk=Pretrained(first)).fit(X, y[::-1])
    np.testing.assert_array_equal(model.transform(X), first.transform(X))


def test_of_a_trunk_with_a_part_for_each_task_the_shared_part_is_taken():
    X, y = table()
    first = MultiTaskRegressor(**NET, trunk=SharedPrivate((8,))).fit(X, y)
    model = MultiTaskRegressor(**NET, trunk=Pretrained(first)).fit(X, y[:, 0])
    np.testing.assert_array_equal(model.transform(X), first.transform(X))


def test_categories_keep_their_numbers_where_later_data_have_fewer(first):
    X, y = table(60, seed=1)
    only = X[X["ward"] == "y"].assign(ward="y")  # as text, and "x" does not occur
    model = later(first).fit(only, y[only.index, 0])
    np.testing.assert_array_equal(model.transform(X), first.transform(X))
    partial = later(first).partial_fit(only, y[only.index, 0])
    partial.partial_fit(X, y[:, 0])
    np.testing.assert_array_equal(partial.transform(X), first.transform(X))


def test_new_categories_are_unknown_to_the_older_preparation(first):
    X, y = table(60, seed=1)
    other = X.assign(ward=X["ward"].astype(str).replace("x", "z"))
    with pytest.warns(UnseenCategoryWarning, match="'ward': 34 of 60 values"):
        model = later(first).fit(other, y[:, 0])
    some = other[:30][other["ward"][:30] == "y"]
    np.testing.assert_array_equal(model.transform(some), first.transform(some))


@pytest.mark.parametrize("is_byte", [True, False])
def test_pictures_in_another_unit_than_the_older_net_has_are_refused(is_byte):
    X = np.random.default_rng(0).integers(0, 256, (40, 64))
    y = (X[:, :1] > 128).astype(float)
    units = X.astype(np.uint8), X.astype(np.float32)
    here, there = units if is_byte else units[::-1]
    options = {**SMALL_NET, "max_epochs": 2}
    first = MultiTaskClassifier(**options, trunk=Conv((1, 8, 8))).fit(here, y)
    model = MultiTaskClassifier(**options, trunk=Pretrained(first))
    with pytest.raises(ValueError, match=r"uint8.*fit of the MultiTaskClassifier in"):
        model.fit(there, y)


@pytest.mark.parametrize("is_sparse", [True, False])
def test_the_other_form_of_the_same_numbers_is_read_as_the_older_net_does(is_sparse):
    X, y = table(60)
    forms = sparse.csr_array(X[["a", "c"]]), X[["a", "c"]].to_numpy()
    here, there = forms if is_sparse else forms[::-1]
    first = MultiTaskRegressor(**NET).fit(here, y)
    model = later(first).fit(there, y[:, 0])
    np.testing.assert_array_equal(model.transform(there), first.transform(here))


def test_a_block_of_columns_takes_no_trunk_with_a_preparation(first):
    X, y = table(60)
    trunk = Columns([("old", Pretrained(first), slice(0, 4))])
    with pytest.raises(ValueError, match=r"block 'old'.*requires a prepared table"):
        MultiTaskRegressor(**NET, trunk=trunk).fit(X.drop(columns="ward").fillna(0), y)


def test_what_does_not_fit_is_said(first):
    X, y = table(60)
    n = first._state.n_members
    wrong = later(first).set_params(n_members=n + 1)
    with pytest.raises(ValueError, match=f"n_members={n + 1}, .* has {n} members"):
        wrong.fit(X, y)
    with pytest.raises(ValueError, match=f"has {n} members"):
        Pretrained(first).build(n_features=4, n_members=n + 1)
    with pytest.raises(ValueError, match="X has 3 features, but the MultiTaskRegr"):
        later(first).fit(X.drop(columns="ward"), y)
    with pytest.raises(ValueError, match="column 0 of X is 'd', but was 'a'"):
        later(first).fit(X.rename(columns={"a": "d"}), y)
    message = "column 3 of X is numeric, but was categorical in the fit of the Multi"
    with pytest.raises(ValueError, match=message):
        later(first).fit(X.assign(ward=1.0), y)
    numbers = X[["a", "c"]]
    with pytest.raises(TypeError, match=r"nn\.Module or a fitted multi-task net"):
        later(sklearn_mtl.MultiTaskLinearRegressor()).fit(numbers, y)
    with pytest.raises(NotFittedError):
        later(MultiTaskRegressor()).fit(numbers, y)
