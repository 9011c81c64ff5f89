import re

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator
from sklearn.exceptions import NotFittedError

from sklearn_mtl.exceptions import MissingLabelWarning, TaskError, UnseenLabelWarning
from sklearn_mtl.tasks import TaskSet
from sklearn_mtl.tasks._outputs import ClassOutputsMixin, MultiTaskOutputsMixin
from sklearn_mtl.tasks._weights import check_sample_weight

NAN = np.nan


class Told(ClassOutputsMixin, BaseEstimator):
    """Gives the outputs that it was told, for the rows whose numbers are in X."""

    def __init__(self, outputs=None, task_types=None):
        self.outputs = outputs
        self.task_types = task_types

    def fit(self, X, y):
        self.task_set_, _ = TaskSet.from_y(
            y, task_types=self.task_types, on_empty_task="warn", warn=False
        )
        return self

    def _task_outputs(self, X):
        rows = np.asarray(X)[:, 0].astype(int)
        return [np.asarray(output)[rows] for output in self.outputs]


ROWS = np.array([[0.0], [1.0], [2.0]])
BINARY = np.array([[0.9, 0.1], [0.2, 0.8], [0.4, 0.6]])
THREE = np.array([[0.1, 0.2, 0.7], [0.8, 0.1, 0.1], [0.2, 0.5, 0.3]])
VALUES = np.array([1.5, 2.5, 3.5])
MIXED = pd.DataFrame(
    {"sex": ["f", "m", "m"], "grade": [1, 2, 3], "size": [0.5, 2.0, 4.5]}
)


def mixed():
    return Told([BINARY, THREE, VALUES]).fit(ROWS, MIXED)


def test_one_dimensional_y_gives_arrays():
    model = Told([BINARY]).fit(ROWS, ["f", "m", "m"])
    assert model.classes_.tolist() == ["f", "m"]
    assert model.predict(ROWS).tolist() == ["f", "m", "m"]
    assert model.predict_proba(ROWS).shape == (3, 2)


def test_two_dimensional_y_gives_lists_even_of_one():
    model = Told([BINARY]).fit(ROWS, [["f"], ["m"], ["m"]])
    assert [c.tolist() for c in model.classes_] == [["f", "m"]]
    assert model.predict(ROWS).shape == (3, 1)
    assert [p.shape for p in model.predict_proba(ROWS)] == [(3, 2)]


def test_mixed_tasks_have_no_probabilities_where_they_are_numbers():
    model = mixed()
    assert model.n_tasks_ == 3
    assert model.task_names_in_.tolist() == ["sex", "grade", "size"]
    assert model.classes_[2] is None
    proba = model.predict_proba(ROWS)
    assert proba[2] is None
    assert [p.shape for p in proba[:2]] == [(3, 2), (3, 3)]
    predicted = model.predict(ROWS)
    assert predicted.dtype == object
    assert predicted.tolist() == [["f", 3, 1.5], ["m", 1, 2.5], ["m", 2, 3.5]]


def test_an_empty_task_is_predicted_as_nan_and_has_no_classes():
    model = Told([BINARY, np.empty((3, 0))], task_types="binary")
    model.fit(ROWS, [[0, NAN], [1, NAN], [1, NAN]])
    predicted = model.predict(ROWS).astype(float)
    np.testing.assert_array_equal(predicted, [[0, NAN], [1, NAN], [1, NAN]])
    assert model.predict_proba(ROWS)[1].shape == (3, 0)


def test_the_frame_of_probabilities_is_named_by_task_and_class():
    X = pd.DataFrame(ROWS, index=["x", "y", "z"])
    frame = mixed().proba_frame(X)
    assert frame.columns.tolist() == [
        ("sex", "f"),
        ("sex", "m"),
        ("grade", 1),
        ("grade", 2),
        ("grade", 3),
    ]
    assert {type(label) for _, label in frame.columns} == {str, int}
    assert frame.columns.names == ["task", "class"]
    assert frame.index.tolist() == ["x", "y", "z"]
    np.testing.assert_array_equal(frame["grade"], THREE)


def test_rows_without_names_are_numbered():
    assert mixed().proba_frame(ROWS.tolist()).index.tolist() == [0, 1, 2]


def test_a_frame_of_regressions_alone_is_empty():
    model = Told([VALUES]).fit(ROWS, [0.5, 1.5, 2.5])
    assert model.proba_frame(ROWS).shape == (3, 0)


def test_each_row_gets_the_prediction_of_its_own_task():
    model = mixed()
    assert model.predict_task(ROWS, ["size", "sex", "grade"]).tolist() == [1.5, "m", 2]
    assert model.predict_task(ROWS, [2, 0, 1]).tolist() == [1.5, "m", 2]
    assert model.predict_task(ROWS, pd.Series(["sex"] * 3)).tolist() == ["f", "m", "m"]


def test_ids_that_are_names_of_columns_are_not_places():
    y = pd.DataFrame({"1": [0.5, 1.5, 2.5], "2": [3.5, 4.5, 5.5]})
    model = Told([VALUES, 10 * VALUES]).fit(ROWS, y)
    assert model.predict_task(ROWS, [1, 2, 1]).tolist() == [1.5, 25.0, 3.5]


@pytest.mark.parametrize(
    ("task_id", "message"),
    [
        (["sex"], "Told: task_id has shape (1,), but X has 3 samples."),
        ([["sex"]] * 3, "Told: task_id has shape (3, 1), but X has 3 samples."),
        (["sex", "x", "sex"], "Told: unknown task 'x'. Known tasks: ['sex', 'grade', "),
        (
            ["sex", None, "sex"],
            "Told: task_id is missing for 1 samples, such as sample 1; every",
        ),
        ([0, 1, 3], "Told: unknown task 3. Known tasks: ['sex', 'grade', 'size']."),
    ],
)
def test_wrong_task_ids_are_explained(task_id, message):
    with pytest.raises(TaskError) as error:
        mixed().predict_task(ROWS, task_id)
    assert str(error.value).startswith(message)


class TestScore:
    """The mean over tasks, over observed cells."""

    def test_classifications_have_their_mean_accuracy(self):
        model = Told([BINARY, THREE]).fit(ROWS, [[0, 0], [1, 1], [1, 2]])
        y = [[0, 2], [0, NAN], [1, 0]]  # 2 of 3 right, 1 of 2 right
        assert model.score(ROWS, y) == pytest.approx((2 / 3 + 1 / 2) / 2)

    def test_weights_may_differ_by_cell(self):
        model = Told([BINARY, THREE]).fit(ROWS, [[0, 0], [1, 1], [1, 2]])
        y = [[0, 2], [0, NAN], [1, 0]]
        weight = [[1, 3], [2, 5], [0, 1]]
        assert model.score(ROWS, y, weight) == pytest.approx((1 / 3 + 3 / 4) / 2)
        assert model.score(ROWS, y, [1, 0, 0]) == 1.0

    def test_regressions_have_their_mean_r2(self):
        model = Told([VALUES, VALUES], task_types="regression")
        model.fit(ROWS, [[0, 1], [1, 2], [2, 3]])
        y = np.c_[VALUES, [2.0, 2.0, 5.0]]
        assert model.score(ROWS, y) == pytest.approx((1 + 1 - 2.75 / 6) / 2)

    def test_mixed_types_have_their_mean_skill(self):
        model = Told([BINARY, VALUES]).fit(ROWS, [["f", 0.5], ["m", 1.5], ["m", 2.5]])
        y = pd.DataFrame({"a": ["f", "m", "m"], "b": VALUES})
        loss = -np.log([0.9, 0.8, 0.6]).mean()
        prior = -(np.log(1 / 3) + 2 * np.log(2 / 3)) / 3
        assert model.score(ROWS, y) == pytest.approx((1 - loss / prior + 1) / 2)

    def test_an_unseen_label_counts_as_wrong_and_is_said_once(self):
        model = Told([BINARY]).fit(ROWS, ["f", "m", "m"])
        with pytest.warns(
            UnseenLabelWarning, match=r"'task0': \['x'\]\. They count"
        ) as w:
            assert model.score(ROWS, ["x", "m", "m"]) == pytest.approx(2 / 3)
        assert len(w) == 1

    def test_nothing_to_score_is_said(self):
        model = Told([BINARY]).fit(ROWS, [0, 1, 1])
        with pytest.warns(MissingLabelWarning, match="Told: no task of y has enough"):
            assert np.isnan(model.score(ROWS, [NAN] * 3))

    def test_lengths_must_be_equal(self):
        model = Told([BINARY]).fit(ROWS, [0, 1, 1])
        with pytest.raises(ValueError, match="inconsistent numbers of samples"):
            model.score(ROWS, [0, 1])

    def test_text_for_a_regression_names_its_task(self):
        with pytest.raises(
            TaskError, match="Told: task 'size' is a regression task, but its"
        ):
            mixed().score(ROWS, MIXED.assign(size=["a", "b", "c"]))


@pytest.mark.parametrize(
    "method", ["predict", "predict_proba", "proba_frame", "task", "predict_task"]
)
def test_an_unfitted_estimator_says_so(method):
    arguments = [ROWS] + [[0, 0, 0]] * (method == "predict_task")
    with pytest.raises(NotFittedError):
        getattr(Told(), method)(*arguments)


def test_a_regressor_has_neither_classes_nor_probabilities():
    assert not hasattr(MultiTaskOutputsMixin, "predict_proba")
    assert not hasattr(MultiTaskOutputsMixin, "classes_")


def test_weights_of_a_wrong_shape_are_refused_in_score():
    message = re.escape(
        "Told: sample_weight has shape (2,); allowed are (3,) and (3, 3)."
    )
    with pytest.raises(ValueError, match=f"^{message}$"):
        mixed().score(ROWS, MIXED, sample_weight=[1, 1])
    assert check_sample_weight(None, (2, 1), "me").tolist() == [[1], [1]]


@pytest.mark.parametrize(
    "ask",
    [
        lambda model: model.predict(ROWS),
        lambda model: model.predict_proba(ROWS),
        lambda model: model.proba_frame(ROWS),
        lambda model: model.predict_task(ROWS, ["grade"] * 3),
        lambda model: model.score(ROWS, MIXED),
        lambda model: model.task("grade").predict(ROWS),
        lambda model: model.task("grade").predict_proba(ROWS),
        lambda model: model.task("grade").score(ROWS, MIXED["grade"]),
    ],
)
def test_probabilities_that_are_no_numbers_are_no_class(ask):
    lost = THREE.copy()
    lost[1] = NAN
    model = Told([BINARY, lost, VALUES]).fit(ROWS, MIXED)
    message = "^Told: the predictions of task 'grade' are not finite for 1 of 3 samples"
    with pytest.raises(ValueError, match=message):
        ask(model)
    assert model.task("sex").predict(ROWS).tolist() == ["f", "m", "m"]
