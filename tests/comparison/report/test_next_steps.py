import re
from html import unescape

import numpy as np
import pandas as pd
import pytest

from sklearn_mtl import MultiTaskLinearRegressor
from sklearn_mtl.comparison import compare, make_estimator
from sklearn_mtl.comparison.report._next_steps import next_steps
from sklearn_mtl.datasets import make_multitask_regression


@pytest.fixture(scope="module")
def data():
    X, y = make_multitask_regression(60, 5, 2, n_informative=5, random_state=0)
    return pd.DataFrame(X).add_prefix("x"), pd.DataFrame(y).add_prefix("task")


def run(lines, **names):
    exec(compile(lines, "next steps", "exec"), names)
    return names["model"]


def test_the_lines_of_a_named_row_fit_what_was_compared(data):
    X, y = data
    types = {"task0": "regression"}
    comparison = compare(X, y, ["linear"], cv=2, random_state=3, task_types=types)
    steps = next_steps(comparison)
    assert steps.shell == ""  # there is no file
    assert steps.python == (
        "from sklearn_mtl.comparison import make_estimator\n"
        "model = make_estimator('linear', X, y, task_types={'task0': 'regression'}, "
        "random_state=3).fit(X, y)"
    )
    expected = comparison.best_estimator().fit(X, y).predict(X)
    np.testing.assert_array_equal(run(steps.python, X=X, y=y).predict(X), expected)


def test_the_lines_of_an_estimator_of_ones_own_fit_it(data):
    X, y = data
    mine = MultiTaskLinearRegressor()
    comparison = compare(X, y, {"linear": mine}, cv=2)  # a name that is also a row
    comparison.measured.scores[0] = -1  # not the twin
    steps = next_steps(comparison)
    assert steps.python == "model = comparison.best_estimator().fit(X, y)"
    model = run(steps.python, X=X, y=y, comparison=comparison)
    np.testing.assert_array_equal(model.predict(X), mine.fit(X, y).predict(X))


def test_groups_reach_the_fit_that_takes_them(data):
    X, y = data
    comparison = compare(X, y, ["linear"], cv=2)
    assert "groups" not in next_steps(comparison).python
    comparison.setting["n_groups"] = 10
    assert "groups" not in next_steps(comparison).python  # linear has no use for them
    net = make_estimator("net", X, y).set_params(multitaskregressor__max_epochs=1)
    comparison.estimators["linear"] = net
    line = next_steps(comparison).python.splitlines()[-1]
    call = line.partition(".fit")[2]
    assert call == "(X, y, multitaskregressor__groups=groups)"
    groups = np.arange(60) // 6
    eval(f"net.fit{call}", {"net": net, "X": X, "y": y, "groups": groups})


def test_a_trunk_is_handed_on(data):
    comparison = compare(*data, ["linear"], cv=2)
    comparison.setting["has_trunk"] = True
    assert "X, y, trunk=trunk).fit" in next_steps(comparison).python


def test_the_page_and_the_text_end_with_the_lines(data, tmp_path):
    X, y = data
    comparison = compare(X, y, ["dummy", "linear"], cv=2)
    line = "model = make_estimator('linear', X, y).fit(X, y)"
    assert comparison.to_text().splitlines()[-1] == f"  {line}"
    comparison.to_html(tmp_path / "page.html")
    source = (tmp_path / "page.html").read_text(encoding="utf-8")
    last = re.findall(r"<section.*?</section>", source, re.DOTALL)[-1]
    (shown,) = re.findall(r"<pre>(.*?)</pre>", last, re.DOTALL)
    assert unescape(shown) == next_steps(comparison).python


def test_without_a_recommendation_there_are_none(data):
    comparison = compare(*data, ["dummy"], cv=2)
    comparison.measured.scores[:] = np.nan
    assert next_steps(comparison) is None
    assert "To fit" not in comparison.to_text()


def test_results_without_estimators_have_none(comparison):
    assert next_steps(comparison) is None
