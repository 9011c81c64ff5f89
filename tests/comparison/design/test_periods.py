import numpy as np
import pytest
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline

from sklearn_mtl import IndependentTasks, MultiTaskMixedEstimator
from sklearn_mtl.comparison import compare
from sklearn_mtl.comparison.design._periods import declare_periods
from sklearn_mtl.exceptions import TaskError
from sklearn_mtl.losses import CircularLoss
from sklearn_mtl.metrics import circular_score
from sklearn_mtl.tasks import TaskSet

RNG = np.random.default_rng(0)
X = RNG.normal(size=(60, 2))
ANGLE = np.degrees(np.arctan2(X[:, 1], X[:, 0])) % 360
Y = np.column_stack([ANGLE, X.sum(axis=1), X[:, 0] > 0])
DEGREES = CircularLoss(360)


def periods(*losses, wrap=lambda net: net):
    tasks, _ = TaskSet.from_y(Y)
    nets = [wrap(MultiTaskMixedEstimator(loss=loss)) for loss in losses]
    known = declare_periods(tasks, [*nets, HistGradientBoostingRegressor()])
    return [task.period for task in known.tasks]


@pytest.mark.parametrize(
    ("loss", "expected"),
    [
        ("auto", [None, None, None]),
        ({"task0": DEGREES}, [360, None, None]),
        (["auto", CircularLoss(2), "auto"], [None, 2, None]),
        ("circular", [2 * np.pi, 2 * np.pi, None]),
    ],
)
def test_losses_tell_the_periods_of_regressions(loss, expected):
    assert periods(loss) == expected
    assert periods(loss, "auto", wrap=make_pipeline) == expected
    assert periods(loss, wrap=IndependentTasks) == expected


def test_losses_that_do_not_agree_are_refused():
    with pytest.raises(TaskError, match=r"'task0' has conflicting .*: \[90, 360\]\."):
        periods({"task0": DEGREES}, {"task0": CircularLoss(90)})


def test_all_rows_are_scored_on_the_circle(tmp_path):
    net = MultiTaskMixedEstimator(
        loss={"task0": DEGREES}, n_members=1, max_epochs=2, random_state=0
    )
    rows = {"net": net, "line": IndependentTasks(LinearRegression())}
    half = np.arange(60) < 30
    folds = [(np.flatnonzero(half), np.flatnonzero(~half))]
    found = compare(X, Y[:, :2], rows, cv=folds, task_types="regression")
    assert not found.problems
    assert [task.period for task in found.tasks] == [360, None]
    line = LinearRegression().fit(X[half], ANGLE[half]).predict(X[~half])
    expected = circular_score(ANGLE[~half], line, period=360)
    assert found.table.loc["line", "task0"] == pytest.approx(expected)
    assert "R2 (period 360)" in str(found)
    found.to_html(tmp_path / "page.html")
    page = (tmp_path / "page.html").read_text()
    assert "task0: R2 (period 360), task1: R2." in page
