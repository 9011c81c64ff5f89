"""Newton steps where nothing penalises some directions, and the data hardly do."""

import numpy as np
import pytest

from sklearn_mtl.datafits import LogLoss
from sklearn_mtl.penalties import Decomposition, Ridge, Shared, TaskColumns, TaskGraph
from sklearn_mtl.solvers import Problem, solve

PENALTIES = {
    "mean": TaskGraph(0.2),
    "chain": TaskGraph(0.2, graph="chain"),
    "none": Ridge(0.0),
    "shared, own": Decomposition([("shared", Shared(0.0)), ("own", Ridge(0.1))]),
    "graph, own": Decomposition([("graph", TaskGraph(0.2)), ("own", Ridge(0.1))]),
}


def draw(n_samples, n_features):
    rng = np.random.default_rng(0)
    X = rng.standard_normal((n_samples, n_features))
    codes = X @ rng.standard_normal((n_features, 4)) + rng.standard_normal((4,)) > 0
    noise = rng.random(codes.shape) < 0.1
    return X, (codes ^ noise).astype(float)


@pytest.mark.parametrize("name", PENALTIES)
@pytest.mark.parametrize("case", ["separable", "collinear"])
def test_directions_that_nothing_determines_take_no_long_steps(name, case):
    X, codes = draw(30, 70) if case == "separable" else draw(60, 4)
    if case == "collinear":
        X = np.column_stack([X, X, 1e-9 * X + 3.3])
    datafit = LogLoss(X, codes, np.ones_like(codes), [2] * 4, True)
    solution = solve(Problem(datafit, PENALTIES[name], TaskColumns.plain(4)))
    assert solution.certificate.gap <= 1e-6
    assert solution.n_iter < 50
    assert np.abs(solution.point).max() < 100
