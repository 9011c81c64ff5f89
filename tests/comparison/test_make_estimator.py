import numpy as np
import pandas as pd
import pytest
from scipy import sparse

import sklearn_mtl
from sklearn_mtl.comparison import compare, make_estimator
from sklearn_mtl.modules import Conv

NAMES = ["dummy", "linear", "boosting", "shared-linear", "shared-linear, one per task"]


@pytest.fixture(scope="module")
def data():
    """A frame with all kinds of columns, two targets, missing inputs and labels."""
    rng = np.random.default_rng(0)
    n = 80
    X = pd.DataFrame(
        {
            "age": rng.integers(20, 60, n),
            "dose": np.where(rng.random(n) < 0.1, np.nan, rng.normal(size=n)),
            "ward": rng.choice(["a", "b", None], n),
            "smoker": rng.random(n) < 0.5,
            "day": pd.Timestamp("2024-01-01")
            + pd.to_timedelta(rng.integers(90, size=n)),
        }
    )
    y = pd.DataFrame(
        {
            "ill": np.where(X["age"] + 9 * X["smoker"] > 45, "yes", "no"),
            "weight": X["age"] + X["dose"].fillna(0) + rng.normal(size=n),
        }
    )
    y.loc[::7, "ill"] = None
    return X, y


@pytest.mark.parametrize("name", NAMES)
def test_it_takes_tables_as_they_come_and_can_be_saved(data, name, tmp_path):
    X, y = data
    model = make_estimator(name, X, y).fit(X, y)
    assert model.predict(X).shape == (80, 2)
    sklearn_mtl.save(model, tmp_path / "model.mtl")
    loaded = sklearn_mtl.load(tmp_path / "model.mtl")
    pd.testing.assert_frame_equal(
        pd.DataFrame(loaded.predict(X)), pd.DataFrame(model.predict(X))
    )


@pytest.mark.parametrize("name", NAMES)
def test_it_is_what_compare_fits(data, name):
    X, y = data
    order = np.random.default_rng(1).permutation(80)
    train, test = order[:60], order[60:]
    rows = [name.removesuffix(", one per task")]
    comparison = compare(X, y, rows, cv=[(train, test)])
    made = [make_estimator(name, X, y), comparison.best_estimator(name)]
    for model in made:
        predicted = model.fit(X.iloc[train], y.iloc[train]).predict(X.iloc[test])
        truth = y.iloc[test]["weight"].to_numpy()
        residual = ((truth - predicted[:, 1]) ** 2).sum()
        r2 = 1 - residual / ((truth - truth.mean()) ** 2).sum()
        assert r2 == pytest.approx(comparison.table.loc[name, "weight"], abs=1e-12)


def test_the_recommended_row_is_taken_by_default(data):
    X, y = data
    comparison = compare(X, y, ["dummy", "linear"], cv=2)
    assert comparison.recommended == "linear"
    expected = make_estimator("linear", X, y)
    assert str(comparison.best_estimator()) == str(expected)
    assert str(comparison.best_estimator("dummy")) != str(expected)


def test_order_and_number_of_columns_and_their_dtypes_make_no_difference(data):
    X, y = data
    model = make_estimator("shared-linear", X, y).fit(X, y)
    other = X[X.columns[::-1]].assign(extra="x")
    other["age"] = other["age"].astype("Int64")
    other["ward"] = other["ward"].astype("category")
    np.testing.assert_array_equal(model.predict(other), model.predict(X))


def test_a_column_of_numbers_may_be_empty_in_a_new_table(data):
    X, y = data
    model = make_estimator("shared-linear", X, y).fit(X, y)
    empty = X.assign(dose=None)
    gaps = X.assign(dose=np.nan)
    np.testing.assert_array_equal(model.predict(empty), model.predict(gaps))


def test_numbers_of_a_category_are_read_as_its_texts():
    X = pd.DataFrame({"code": ["1", "2", "A"] * 10})
    y = pd.DataFrame({"z": [0.0, 1.0, 2.0] * 10})
    model = make_estimator("linear", X, y).fit(X, y)
    numbers = pd.DataFrame({"code": [1, 2]})
    np.testing.assert_array_equal(model.predict(numbers), model.predict(X[:2]))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda X: X.drop(columns="dose"), r"X lacks columns .* in fit: 'dose'\."),
        (
            lambda X: X.assign(dose="much"),
            r"column 'dose' contains the text 'much', but was numeric",
        ),
        (
            lambda X: X.to_numpy(),
            r"X is a ndarray; it must be a table with the columns of fit: age, dose",
        ),
    ],
)
def test_a_table_that_does_not_fit_is_refused(data, change, message):
    X, y = data
    model = make_estimator("linear", X, y).fit(X, y)
    with pytest.raises(ValueError, match=f"TableReader: {message}"):
        model.predict(change(X))


def test_arrays_of_objects_are_read_by_position(data):
    X, y = data
    array = X[["dose", "ward"]].to_numpy(dtype=object)
    model = make_estimator("linear", array, y).fit(array, y)
    assert model.predict(array[:3]).shape == (3, 2)
    with pytest.raises(ValueError, match="the columns of fit: x0, x1"):
        model.predict(array[:, :1])


def test_numbers_need_no_reader(data):
    _, y = data
    X = np.random.default_rng(0).normal(size=(80, 3))
    for made in (X, sparse.csr_matrix(X)):
        model = make_estimator("shared-linear", made, y).fit(made, y)
        assert next(iter(model.named_steps)) == "standardscaler"


def test_names_are_checked(data):
    with pytest.raises(ValueError, match=r"unknown model 'tree'. Known models: \['dum"):
        make_estimator("tree", *data)
    with pytest.raises(ValueError, match="because 'linear' has no twin"):
        make_estimator("linear, one per task", *data)


def test_the_trunk_is_that_of_the_net_alone_and_in_the_blend():
    rng = np.random.default_rng(0)
    X, y = rng.random((20, 36)), rng.integers(0, 2, (20, 2)).astype(float)
    trunk = Conv((1, 6, 6), (4,))
    net = make_estimator("net", X, y, trunk=trunk)
    assert net.trunk.image_shape == (1, 6, 6)
    blend = make_estimator("blend", X, y, trunk=trunk)
    assert blend.get_params()["net__trunk"].image_shape == (1, 6, 6)
