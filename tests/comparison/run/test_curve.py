import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.tree import DecisionTreeClassifier

from sklearn_mtl.comparison import compare, corrected_interval
from sklearn_mtl.comparison.design._splits import Folding
from sklearn_mtl.comparison.design._targets import read_targets
from sklearn_mtl.comparison.results._intervals import holm
from sklearn_mtl.comparison.run._curve import (
    LearningCurve,
    check_shares,
    hide_parts,
    labels_of_twin,
)
from sklearn_mtl.datasets import (
    make_multitask_classification,
    make_multitask_regression,
)
from sklearn_mtl.linear_model import MultiTaskLinearRegressor
from sklearn_mtl.model_selection import per_task_scorers


@pytest.fixture(scope="module")
def measured():
    X, y = make_multitask_regression(
        160, 8, 4, n_informative=8, relatedness=0.95, random_state=0
    )
    rows = {"apart": "linear", "shared": MultiTaskLinearRegressor()}
    found = compare(X, y, rows, cv=2, n_repeats=3, learning_curve=(0.5, 0.1))
    return X, y, found


def test_shares_are_sorted_and_all_labels_are_always_among_them():
    assert check_shares((0.5, 0.1)).tolist() == [0.1, 0.5, 1.0]
    assert check_shares(None).tolist() == []


@pytest.mark.parametrize("shares", [(0.0, 0.5), (1.5,), (), (np.nan,)])
def test_shares_out_of_range_are_refused(shares):
    with pytest.raises(ValueError, match=r"learning_curve is .* in \(0, 1\]"):
        check_shares(shares)


def test_smaller_shares_are_part_of_larger_ones_and_keep_the_classes():
    X, y = make_multitask_classification(
        100,
        4,
        2,
        n_informative=4,
        n_classes=[2, 3],
        missing_fraction=0.2,
        random_state=0,
    )
    targets = read_targets(y, None, 0.0, 0)
    splits = Folding(targets.task_types, None, 0).outer(2, 1, X, y)
    for (train, _), (few, many) in zip(
        splits, hide_parts(targets, splits, np.array([0.2, 0.6]), 3), strict=True
    ):
        assert not (many & ~few).any()
        codes = targets.codes[train]
        for t, n_classes in enumerate([2, 3]):
            stays = codes[~few[:, t] & ~np.isnan(codes[:, t]), t]
            assert len(np.unique(stays)) == n_classes
            n_labels = (~np.isnan(codes[:, t])).sum()
            assert abs(len(stays) - 0.2 * n_labels) <= n_classes / 2


def test_scores_are_those_of_fitting_by_hand_to_the_labels_that_stay():
    X, y = make_multitask_classification(
        120, 4, 2, n_informative=4, n_classes=2, random_state=0
    )
    tree = DecisionTreeClassifier(max_depth=3, random_state=0)
    splits = [(np.arange(80), np.arange(80, 120))]
    rows = {"linear": "linear", "tree": tree}
    found = compare(X, y, rows, cv=splits, learning_curve=[0.3], random_state=5)
    (hidden,) = hide_parts(read_targets(y, None, 0, 5), splits, np.array([0.3]), 5)
    labels = np.where(hidden[0], np.nan, y[:80])
    twin = found.row("tree, one per task")
    for t in range(2):
        rows = ~np.isnan(labels[:, t])
        fitted = tree.fit(X[:80][rows], labels[rows, t])
        score = per_task_scorers()(fitted, X[80:], y[80:, [t]])["mean"]
        np.testing.assert_allclose(found.curve.scores[twin, 0, 0, t], score)
    np.testing.assert_array_equal(found.curve.n_labels[:, 0, 0], [24, 80])
    assert np.isnan(found.curve.scores[found.row("linear")]).all()


def test_all_labels_give_the_scores_of_the_comparison(measured):
    _, _, found = measured
    shared = found.row("shared")
    np.testing.assert_array_equal(
        found.curve.scores[shared, -1], found.measured.scores[shared]
    )
    np.testing.assert_array_equal(found.curve.n_labels[-1], found.measured.n_train)


def test_related_tasks_gain_most_where_labels_are_few(measured):
    frame = measured[2].learning_curve
    mean = frame[frame["task"] == "mean"].set_index("share")
    assert mean["labels"].tolist() == [8, 40, 80]
    assert mean.loc[0.1, "gain"] > 0.1 > mean.loc[1.0, "gain"]
    assert mean["score"].is_monotonic_increasing
    np.testing.assert_allclose(mean["gain"], mean["score"] - mean["twin"])


def test_gains_have_the_corrected_interval_after_holm(measured):
    _, _, found = measured
    shared, twin = found.row("shared"), found.row("shared, one per task")
    differences = found.curve.scores[shared, ..., 1] - found.curve.scores[twin, ..., 1]
    # two folds: as many tested as trained on
    single = [corrected_interval(one, 1 / 1) for one in differences]
    rows = found.learning_curve.query("task == 'task1'")
    p = np.array([one.p_value for one in single])
    for place, level in enumerate(0.05 * p / holm(p)):
        confidence = 1 - level
        ends = corrected_interval(differences[place], 1 / 1, confidence=confidence)
        found_ends = rows.iloc[place][["low", "high"]].tolist()
        np.testing.assert_allclose(found_ends, [ends.low, ends.high])


def test_tasks_that_share_nothing_are_not_in_the_curve_of_the_mean():
    X, y = make_multitask_regression(60, 10, 3, random_state=0)
    targets = {"a": y[:, 0], "b": y[:, 1], "c": np.where(y[:, 2] > 0, "yes", "no")}
    rows = ["dummy", "shared-linear"]
    found = compare(X, targets, rows, cv=2, learning_curve=[0.5])
    last = found.learning_curve.query("task == 'mean' and share == 1").iloc[0]
    means = found.table.loc["shared-linear", ["a", "b"]]
    np.testing.assert_allclose(last["score"], means.mean())
    assert (
        "The curve of shared-linear excludes c, because there is nothing to share."
        in found.to_text()
    )


def test_nothing_to_share_is_said_instead_of_a_curve(tmp_path):
    X, y = make_multitask_regression(40, 10, 1, random_state=0)
    rows = ["dummy", "shared-linear"]
    found = compare(X, y, rows, cv=2, learning_curve=[0.5])
    frame = found.learning_curve
    assert frame[["gain", "low", "high"]].isna().all(axis=None)
    said = "shared-linear: nothing to share, so there is no learning curve."
    assert said in found.to_text()
    page = tmp_path / "page.html"
    found.to_html(page)
    assert said in page.read_text()
    assert "table of scores of shared-linear" not in page.read_text()


def test_a_comparison_without_curve_says_how_to_get_one(comparison):
    with pytest.raises(ValueError, match=r"call compare with learning_curve=\("):
        comparison.plot_learning_curve()
    assert comparison.to_dict()["learning_curve"] is None


def test_the_curve_stands_in_the_json(measured):
    rows = measured[2].to_dict()["learning_curve"]
    assert len(rows) == 5 * 3
    assert rows[0].keys() >= {"model", "task", "share", "labels", "gain"}


def test_a_model_that_fails_with_few_labels_leaves_a_gap():
    X, y = make_multitask_classification(
        60, 4, 2, n_informative=4, n_classes=2, random_state=0
    )

    class Hungry(LogisticRegression):
        def fit(self, X, y):
            if len(X) < 20:
                raise ValueError("too few rows")
            return super().fit(X, y)

    class Shared(Ridge):
        pass

    rows = {"hungry": Hungry()}
    found = compare(
        X, y, rows, cv=[(np.arange(40), np.arange(40, 60))], scoring="accuracy"
    )
    assert found.curve is None
    curve = compare(
        X,
        y,
        rows,
        cv=[(np.arange(40), np.arange(40, 60))],
        scoring="accuracy",
        learning_curve=[0.2],
    )
    twin = curve.row("hungry, one per task")
    assert np.isnan(curve.curve.scores[twin, 0]).all()
    assert np.isfinite(curve.curve.scores[twin, 1]).all()
    assert "fewer labels in split 1" in curve.to_text(200)


def test_without_a_seed_two_runs_hide_other_labels():
    X, y = make_multitask_regression(
        80, 8, 2, n_informative=8, relatedness=0.9, random_state=0
    )
    splits = [(np.arange(60), np.arange(60, 80))]
    rows = {"shared": MultiTaskLinearRegressor()}
    one, two = (
        compare(X, y, rows, cv=splits, learning_curve=[0.2], random_state=None)
        for _ in range(2)
    )
    shared = one.row("shared")
    assert (one.curve.scores[shared, 0] != two.curve.scores[shared, 0]).all()
    np.testing.assert_array_equal(one.measured.scores, two.measured.scores)


def rows_of(labels, score, twin):
    return pd.DataFrame({"labels": labels, "score": score, "twin": twin})


@pytest.mark.parametrize(
    ("twin", "expected"),
    [
        ([0.2, 0.4, 0.8], 10 * np.sqrt(10)),  # half way on the logarithmic axis
        ([0.2, 0.6, 0.8], 10.0),
        ([0.2, 0.3, 0.5], np.inf),
        ([0.7, 0.7, 0.8], 1.0),
    ],
)
def test_labels_that_the_twin_needs_are_interpolated(twin, expected):
    rows = rows_of([1.0, 10.0, 100.0], [0.6, 0.7, 0.8], twin)
    np.testing.assert_allclose(labels_of_twin(rows), expected)


def test_labels_saved_are_told_where_the_gain_is_no_noise(measured):
    X, y, _ = measured  # folds that are drawn anew are no new data
    rows = {"apart": "linear", "shared": MultiTaskLinearRegressor()}
    found = compare(X, y, rows, cv=6, learning_curve=(0.1,))
    rows = found.learning_curve.query("task == 'mean'")
    assert rows["low"].iloc[0] > 0
    sentence = found.labels_saved()
    needed = labels_of_twin(rows)
    assert 13 < needed < 133
    said = f"With 13 labels, it scores as high as its twin with about {needed:.0f}."
    assert sentence == said
    assert sentence in found.to_text(200)
    assert "labels of a task" in found.to_text()


def test_labels_saved_are_not_told_of_noise(comparison):
    scores = comparison.measured.scores
    shares = np.array([0.5, 1.0])
    n_labels = np.stack([comparison.measured.n_train // 2, comparison.measured.n_train])
    parts = np.stack([scores, scores], axis=1)
    parts[4] = parts[3]  # the model is its twin
    comparison.curve = LearningCurve(shares, n_labels, parts)
    assert comparison.labels_saved() == ""
