import warnings
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from joblib import parallel_config
from scipy import sparse
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import RepeatedKFold, ShuffleSplit
from sklearn.pipeline import make_pipeline
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from sklearn_mtl import MultiTaskClassifier
from sklearn_mtl.comparison import compare, corrected_interval
from sklearn_mtl.datasets import (
    make_multitask_classification,
    make_multitask_regression,
)
from sklearn_mtl.ensemble import MultiTaskForestClassifier
from sklearn_mtl.exceptions import NegativeTransferWarning, TaskError
from sklearn_mtl.model_selection import MultiTaskStratifiedKFold, per_task_scorers
from sklearn_mtl.multioutput import IndependentTasks
from tests.comparison.conftest import Average
from tests.zoo import SMALL_NET


@pytest.fixture(scope="module")
def data():
    X, y = make_multitask_classification(
        150, 6, 3, n_informative=6, n_classes=[2, 3, 2], random_state=0
    )
    y = y.astype(float)
    y[::7, 1] = np.nan
    return X, pd.DataFrame(y, columns=["a", "b", "c"])


def quiet(*arguments, **options):
    """Compare where a loss by sharing is no news."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NegativeTransferWarning)
        return compare(*arguments, **options)


def test_scores_are_those_of_fitting_by_hand_on_the_same_folds(data):
    X, y = data
    tree = DecisionTreeClassifier(max_depth=3, random_state=0)
    apart = IndependentTasks(tree)
    found = compare(X, y, {"apart": apart}, cv=4, random_state=7)
    folds = MultiTaskStratifiedKFold(4, shuffle=True, random_state=7)
    for s, (train, test) in enumerate(folds.split(X, y)):
        fitted = IndependentTasks(tree).fit(X[train], y.iloc[train])
        scores = per_task_scorers()(fitted, X[test], y.iloc[test])
        expected = [scores[name] for name in ("a", "b", "c")]
        np.testing.assert_allclose(found.measured.scores[0, s], expected)
    assert found.measured.n_test.sum(axis=0).tolist() == [150, 128, 150]


def test_all_rows_see_the_same_rows_of_every_split(data):
    X, y = data

    class Seen(ClassifierMixin, BaseEstimator):
        rows = []

        def fit(self, X, y):
            Seen.rows.append(tuple(X[:, 0]))
            return self

        def predict(self, X):
            raise RuntimeError

    pairs = [("one", Seen()), ("two", IndependentTasks(Seen()))]
    found = quiet(X, y, [pairs[0]], cv=3, inner_cv=2)
    assert found.n_scored("one") == 0
    # one shared fit a split; the twin fits each task on its observed rows of the same
    wholes = [rows for rows in Seen.rows if len(rows) == 100]
    shared = [rows for rows in set(wholes) if wholes.count(rows) >= 3]
    assert len(shared) == 3


def test_every_shared_row_is_compared_with_its_twin(data):
    X, y = data
    tree = DecisionTreeRegressor(max_depth=4, random_state=0)
    X, y = make_multitask_regression(150, 5, 3, n_informative=5, random_state=0)
    found = quiet(X, y, ["dummy", ("tree", tree)], cv=4)
    scores = found.measured.scores
    twin, shared = found.row("tree, one per task"), found.row("tree")
    expected = (scores[shared] - scores[twin]).mean(axis=0)
    gain = found.gain.query("against == 'twin' and task != 'mean'")["gain"]
    np.testing.assert_allclose(gain, expected)
    # ridge with one penalty is the same model for all targets together and apart
    same = compare(X, y, {"ridge": Ridge()}, cv=3)
    np.testing.assert_allclose(same.gain["gain"], 0, atol=1e-12)


def test_the_selected_row_is_chosen_by_cross_validation_inside_the_training_part(data):
    X, y = data
    shallow = IndependentTasks(DecisionTreeClassifier(max_depth=1, random_state=0))
    linear = IndependentTasks(LogisticRegression())
    rows = {"shallow": shallow, "linear": linear}
    found = compare(X, y, rows, cv=3, inner_cv=3, random_state=1)
    folds = MultiTaskStratifiedKFold(3, shuffle=True, random_state=1)
    for s, (train, _) in enumerate(folds.split(X, y)):
        inner = folds.split(X[train], y.iloc[train])
        scores = np.zeros((2, 3))
        for inside, outside in inner:
            for m, model in enumerate(rows.values()):
                model.fit(X[train[inside]], y.iloc[train[inside]])
                got = per_task_scorers()(
                    model, X[train[outside]], y.iloc[train[outside]]
                )
                scores[m] += [got[name] for name in ("a", "b", "c")]
        np.testing.assert_array_equal(found.measured.chosen[s], scores.argmax(axis=0))


class Insider(ClassifierMixin, BaseEstimator):
    """Knows the labels of the rows named in `known`, and is wrong on all others.

    The first column of X is the number of the row.
    """

    def __init__(self, labels, known):
        self.labels = labels
        self.known = known

    def fit(self, X, y):
        self.classes_ = np.array([0.0, 1.0])
        return self

    def predict_proba(self, X):
        rows = X[:, 0].astype(int)
        right = self.labels[rows]
        label = np.where(np.isin(rows, self.known), right, 1 - right)
        return np.column_stack([1 - label, label])

    def predict(self, X):
        return self.predict_proba(X)[:, 1]


def test_a_row_that_only_knows_the_test_part_is_never_chosen():
    labels = np.arange(60) % 2.0
    X = np.column_stack([np.arange(60), np.zeros(60)])
    train, test = np.arange(40), np.arange(40, 60)
    cheat = IndependentTasks(Insider(labels, test))
    honest = IndependentTasks(Insider(labels, train))
    rows = {"cheat": cheat, "honest": honest}
    found = compare(X, labels[:, None], rows, cv=[(train, test)])
    assert found.measured.scores[:, 0, 0].tolist() == [1.0, 0.0]
    assert found.chosen_counts() == {"task0": {"honest": 1}}
    assert found.measured.selected().tolist() == [[0.0]]


def test_labels_of_the_test_part_do_not_change_the_choice(data):
    X, y = data
    train, test = np.arange(100), np.arange(100, 150)
    rows = {
        "tree": IndependentTasks(DecisionTreeClassifier(max_depth=2, random_state=0)),
        "linear": IndependentTasks(LogisticRegression()),
    }
    other = y.copy()
    other.iloc[test] = other.iloc[test[::-1]].to_numpy()
    one, two = (compare(X, t, rows, cv=[(train, test)]) for t in (y, other))
    np.testing.assert_array_equal(one.measured.chosen, two.measured.chosen)
    assert not np.array_equal(one.measured.scores, two.measured.scores)


def test_hidden_labels_are_scored_but_not_learned_from(data):
    X, y = data
    rows = {"linear": IndependentTasks(LogisticRegression())}
    found = compare(X, y, rows, cv=3, missing_fraction=0.5)
    assert found.measured.n_test.sum(axis=0).tolist() == [150, 128, 150]
    np.testing.assert_allclose(
        found.measured.n_train.sum(axis=0) / 2, [75, 64, 75], atol=1
    )
    # the correction is that of 3 folds, however many labels are hidden
    np.testing.assert_allclose(found.measured.ratios, 1 / 2, atol=0.05)
    full = compare(X, y, rows, cv=3)
    assert found.table.loc["linear", "mean"] < full.table.loc["linear", "mean"]


def test_an_error_of_one_model_leaves_the_others(data):
    X, y = data

    folds = MultiTaskStratifiedKFold(5, shuffle=True, random_state=0)
    means = [X[train, 0].mean() for train, _ in folds.split(X, y)]
    threshold = np.median(means)

    class Fragile(DecisionTreeClassifier):
        def fit(self, X, y):
            if X[:, 0].mean() > threshold:
                raise MemoryError("too large")
            return super().fit(X, y)

    rows = {"fragile": IndependentTasks(Fragile()), "linear": "linear"}
    found = compare(X, y, rows, cv=5)
    # task b has fewer rows, hence other means, so it may fail in more splits
    lost = [s for s, mean in enumerate(means) if mean > threshold]
    outer = [p for p in found.problems if p.where == "test"]
    assert {p.split for p in outer} >= set(lost)
    assert len(outer) == 5 - found.n_scored("fragile") < 5
    assert {p.message for p in outer} == {"MemoryError: too large"}
    assert found.n_scored("linear") == 5
    assert np.isfinite(found.table.loc["linear", "mean"])
    assert "MemoryError" in found.to_text()


def test_tables_with_categories_gaps_and_mixed_tasks(data):
    X, y = data
    rng = np.random.default_rng(0)
    table = pd.DataFrame(X, columns=list("uvwxyz"))
    table.loc[::5, "u"] = np.nan
    table["ward"] = np.where(X[:, 1] > 0, "north", "south")
    table.loc[::9, "ward"] = None
    mixed = pd.DataFrame(
        {
            "sick": np.where(y["a"] > 0, "yes", "no"),
            "dose": X[:, 0] + rng.normal(size=150),
        }
    )
    mixed.loc[::4, "sick"] = None
    names = ["dummy", "linear", "boosting"]
    found = compare(table, mixed, names, cv=2, inner_cv=2)
    assert [task.kind for task in found.tasks] == ["binary", "regression"]
    assert [problem.message for problem in found.problems] == []
    assert found.table.loc["linear", "mean"] > found.table.loc["dummy", "mean"] + 0.3
    assert found.setting["n_categorical_features"] == 1
    assert found.setting["has_missing_inputs"]


def test_groups_and_splitters_are_used(data):
    X, y = data
    groups = np.repeat(np.arange(15), 10)
    rows = {"linear": IndependentTasks(LogisticRegression())}
    assert compare(X, y, rows, cv=3, groups=groups).setting["n_groups"] == 15
    cv = ShuffleSplit(2, test_size=0.2, random_state=0)
    found = compare(X, y, rows, cv=cv)
    assert found.n_splits == 2
    np.testing.assert_array_equal(found.measured.n_test[:, 0], [30, 30])


def test_repeats_add_splits(data):
    X, y = data
    rows = {"linear": IndependentTasks(LogisticRegression())}
    assert compare(X, y, rows, cv=2, n_repeats=3).n_splits == 6


def test_repeated_splitters_are_corrected_for_the_overlap_of_one_repeat(data):
    X, y = data
    rows = {"tree": DecisionTreeClassifier(max_depth=2, random_state=0)}
    y = y[["a", "c"]]
    cv = RepeatedKFold(n_splits=5, n_repeats=3, random_state=0)
    found = quiet(X, y, rows, cv=cv)
    assert found.n_splits == 15
    np.testing.assert_allclose(found.measured.ratios, 1 / 4)
    scores = found.measured.scores
    differences = scores[found.row("tree")] - scores[found.row("tree, one per task")]
    expected = corrected_interval(differences[:, 1], 1 / 4)
    assert next(gain for gain in found.gains if gain.task == "c").interval == expected
    mean = next(gain for gain in found.gains if gain.task == "mean").interval
    assert mean == corrected_interval(differences.mean(axis=1), 1 / 4)


class Slow(ClassifierMixin, BaseEstimator):
    """Takes 3 seconds of a clock of its own to fit, and 2 to predict."""

    now = 0.0

    def fit(self, X, y):
        Slow.now += 3.0
        self.classes_ = np.unique(y)
        self.memory_ = np.zeros(125_000)  # a megabyte
        return self

    def predict(self, X):
        Slow.now += 2.0
        return np.full(len(X), self.classes_[0])

    def predict_proba(self, X):
        return np.full((len(X), len(self.classes_)), 1 / len(self.classes_))


def test_costs_are_measured(data, monkeypatch):
    X, y = data
    clock = SimpleNamespace(perf_counter=lambda: Slow.now)
    monkeypatch.setattr("sklearn_mtl.comparison.run._fits.time", clock)
    found = compare(X, y, {"slow": IndependentTasks(Slow())}, cv=2)
    slow = found.row("slow")  # each of three tasks has a model
    np.testing.assert_array_equal(found.measured.fit_seconds[slow], [9.0, 9.0])
    np.testing.assert_array_equal(found.measured.predict_seconds[slow], [6.0, 6.0])
    # names, classes and parameters are a few thousand bytes beside
    assert found.table.loc["slow", "model MB"] == pytest.approx(3.0, abs=0.005)


@pytest.mark.parametrize("backend", ["threading", "loky"])
def test_results_do_not_depend_on_the_number_of_jobs(data, backend):
    X, y = data
    # processes that fit a net would load torch; nets have a test of their own for that
    nets = [("net", MultiTaskClassifier(**SMALL_NET))] if backend == "threading" else []
    rows = ["dummy", "linear", *nets]
    options = {"cv": 2, "inner_cv": 2, "learning_curve": [0.5]}
    with parallel_config(backend):
        found = quiet(X, y, rows, **options, n_jobs=2)
    alone = quiet(X, y, rows, **options)
    np.testing.assert_array_equal(found.measured.scores, alone.measured.scores)
    np.testing.assert_array_equal(found.measured.chosen, alone.measured.chosen)
    np.testing.assert_array_equal(found.curve.scores, alone.curve.scores)
    sizes = found.measured.model_bytes
    # a net holds a file written by torch, some bytes longer where a thread writes it
    rtol = 0.005 if backend == "threading" else 0.0
    np.testing.assert_allclose(sizes, alone.measured.model_bytes, rtol=rtol)


def test_the_net_and_its_twin_run(data):
    X, y = data[0], data[1][["a", "b"]]
    splits = [(np.arange(100), np.arange(100, 150))]
    found = quiet(X, y, ["dummy", "net"], cv=splits)
    assert [model.name for model in found.models] == [
        "dummy",
        "net, one per task",
        "net",
    ]
    assert np.isfinite(found.measured.scores).all()
    assert found.table.loc["net", "mean"] > found.table.loc["dummy", "mean"] + 0.1
    assert "MultiTaskClassifier" in found.models[2].estimator


def test_sparse_inputs_reach_the_rows_known_by_name(data):
    X, y = data
    names = ["linear", "boosting"]
    found = compare(sparse.coo_matrix(X), y, names, cv=2, inner_cv=2)
    assert found.problems == []
    assert found.table.loc["linear", "mean"] > 0.6


def test_harm_beyond_noise_is_warned_of(data):
    X, y = make_multitask_regression(
        200, 4, 2, n_informative=4, n_groups=2, noise=0.1, random_state=0
    )

    with pytest.warns(NegativeTransferWarning, match=r"\(average: task0, task1\)"):
        found = compare(X, y, {"average": Average()}, cv=5)
    assert "Sharing hurts average on 2 of 2 tasks" in found.verdict


def test_no_progress_is_shown_where_stderr_is_no_terminal(data, capfd):
    X, y = data
    compare(X, y, ["dummy"], cv=2, verbose=True)
    captured = capfd.readouterr()
    assert captured.err == ""
    assert captured.out == ""


def test_the_call_can_be_read_from_the_setting(data):
    X, y = data
    found = compare(X, y, ["dummy"], cv=2, random_state=3)
    assert found.setting["call"] == (
        "compare(X, y, estimators=['dummy'], cv=2, n_repeats=1, "
        "missing_fraction=0.0, confidence=0.95, random_state=3)"
    )
    assert found.setting["versions"]["scikit-learn"]


def test_inputs_are_not_changed(data):
    X, y = data
    before = X.copy(), y.copy()
    compare(X, y, ["dummy", "linear"], cv=2, inner_cv=2, missing_fraction=0.2)
    np.testing.assert_array_equal(X, before[0])
    pd.testing.assert_frame_equal(y, before[1])


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"n_repeats": 0}, ValueError, "n_repeats is 0; it must be an integer of"),
        ({"inner_cv": 1}, ValueError, "inner_cv is 1"),
        ({"confidence": 1.0}, ValueError, "confidence is 1.0"),
        ({"random_state": np.random.default_rng(0)}, TypeError, "random_state is"),
        ({"groups": [1, 2]}, ValueError, "groups has 2 values, but y has 150"),
        ({"estimators": ["x"]}, ValueError, "unknown model 'x'"),
        ({"scoring": "x"}, TaskError, "unknown metric 'x'"),
        ({"missing_fraction": 1.0}, ValueError, "^compare: missing_fraction .*must be"),
        (
            {"missing_fraction": ["a"] * 3},
            ValueError,
            "^compare: missing_fraction must",
        ),
        ({"cv": 1}, ValueError, "n_splits"),
    ],
)
def test_bad_arguments_are_refused_before_anything_is_fitted(
    data, options, error, message
):
    X, y = data
    with pytest.raises(error, match=message):
        compare(X, y, **{"estimators": ["dummy"], **options})


@pytest.mark.parametrize(
    ("X", "kind", "found"),
    [
        (None, TypeError, "got None"),
        (Ridge(), TypeError, "got Ridge"),
        (np.zeros(9), ValueError, r"X has shape \(9,\)"),
        ([0.0] * 9, ValueError, r"X has shape \(9,\)"),
        (pd.Series([0.0] * 9), ValueError, r"X has shape \(9,\)"),
    ],
    ids=["None", "model", "array", "list", "series"],
)
def test_what_is_no_table_of_inputs_is_refused(X, kind, found):
    with pytest.raises(kind, match=f"compare: .*{found}.* compare\\(X, y, estimators"):
        compare(X, np.zeros((9, 2)), [0])


def test_lengths_that_differ_are_refused(data):
    X, y = data
    with pytest.raises(ValueError, match="X has 149 rows, but y has 150"):
        compare(X[1:], y, ["dummy"])


def test_pipelines_of_users_get_tables_as_they_came(data):
    X, y = data
    table = pd.DataFrame(X, columns=list("uvwxyz"))

    class NeedsNames(LogisticRegression):
        def fit(self, X, y):
            assert list(X.columns) == list("uvwxyz")
            return super().fit(X.to_numpy(), y)

        def predict_proba(self, X):
            return super().predict_proba(X.to_numpy())

        def predict(self, X):
            return super().predict(X.to_numpy())

    row = make_pipeline(IndependentTasks(NeedsNames()))
    found = compare(table, y, {"mine": row}, cv=2)
    assert found.problems == []
    assert found.models[0].role == "single"


def test_masked_inputs_are_missing(data):
    X, y = data
    junk = np.ma.masked_array(X, mask=np.random.default_rng(0).random(X.shape) < 0.1)
    junk.data[junk.mask] = 1e6
    forest = MultiTaskForestClassifier(n_estimators=3, random_state=0)
    scores = [
        quiet(one, y, ["linear", ("forest", forest)], cv=2).measured.scores
        for one in (junk, junk.filled(np.nan))
    ]
    np.testing.assert_array_equal(*scores)
