import pytest
from sklearn.base import clone

from sklearn_mtl.preprocessing import PiecewiseLinear


@pytest.mark.parametrize(
    ("n_features", "n_edges"),
    [(1, 23), (10, 23), (42, 23), (100, 9), (5000, 1), (0, 23)],
)
def test_many_columns_get_fewer_edges(n_features, n_edges):
    assert PiecewiseLinear().edges_per_column(n_features) == n_edges


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            {"n_quantiles": 1},
            "n_quantiles must be an integer of at least 2; got 1",
        ),
        ({"n_splits": -1}, "n_splits must be an integer of at least 0; got -1"),
        (
            {"max_columns": 0.5},
            "max_columns must be an integer of at least 1; got",
        ),
    ],
)
def test_wrong_arguments_are_explained(arguments, message):
    with pytest.raises(ValueError, match=f"^PiecewiseLinear: {message}"):
        PiecewiseLinear(**arguments).edges_per_column(3)


def test_it_is_searched_as_an_estimator():
    spec = clone(PiecewiseLinear()).set_params(n_splits=0)
    assert spec.edges_per_column(10) == 7
