"""Distilling: the student says what the teacher says, with its names and classes."""

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.datasets import load_iris
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_mtl import (
    IndependentTasks,
    MultiTaskClassifier,
    MultiTaskMixedEstimator,
    MultiTaskRegressor,
)
from sklearn_mtl.datasets import (
    make_multitask_classification,
    make_multitask_regression,
)
from sklearn_mtl.ensemble import (
    MultiTaskBlendClassifier,
    MultiTaskForestClassifier,
    MultiTaskForestMixedEstimator,
    MultiTaskForestRegressor,
    distill,
)
from sklearn_mtl.ensemble._distill import _expand
from sklearn_mtl.exceptions import TaskError
from sklearn_mtl.losses import CircularLoss
from sklearn_mtl.metrics import circular_error
from tests.taggers import UsualTags, make_texts

FAST = {"n_members": 1, "early_stopping": False, "max_epochs": 30, "random_state": 0}


@pytest.fixture(scope="module")
def problem():
    return make_multitask_classification(240, missing_fraction=0.3, random_state=0)


@pytest.fixture(scope="module")
def forest(problem):
    X, y = problem
    return MultiTaskForestClassifier(n_estimators=30, random_state=0).fit(X, y)


class TestCopies:
    def test_soft_labels_are_their_classes_with_probabilities_as_weights(self):
        proba = np.array([[0.2, 0.7, 0.1], [0.0, 0.0, 1.0]])
        rows, codes, weights = _expand([proba])
        soft = np.zeros((2, 3))
        np.add.at(soft, (rows, codes[:, 0].astype(int)), weights[:, 0])
        np.testing.assert_allclose(soft, proba)

    def test_classes_that_are_never_likely_stand_in_one_row(self):
        proba = np.array([[1.0, 0.0, 0.0], [0.9999, 0.0001, 0.0]])
        _, codes, _ = _expand([proba])
        assert set(codes[:, 0]) == {0.0, 1.0, 2.0}

    def test_weights_of_a_row_add_up_to_one_for_every_task(self, problem, forest):
        outputs = forest._task_outputs(problem[0])
        rows, _, weights = _expand([*outputs, problem[0][:, 0]])
        total = np.zeros((len(problem[0]), weights.shape[1]))
        np.add.at(total, rows, weights)
        np.testing.assert_allclose(total, 1.0, atol=0.002)

    def test_a_regression_stands_once_with_its_value(self):
        rows, codes, weights = _expand([np.array([3.0, 4.0]), np.full((2, 2), 0.5)])
        assert codes[weights[:, 0] > 0, 0].tolist() == [3.0, 4.0]
        assert rows.tolist() == [0, 1, 0, 1]


class TestStudent:
    def test_agrees_with_the_teacher_on_new_rows(self, forest):
        X, _ = make_multitask_classification(1000, random_state=0)
        student = distill(forest, X[:600], random_state=0)
        told, wanted = forest.predict(X[:600]), forest.predict(X[600:])
        agreed = (student.predict(X[600:]) == wanted).mean()
        # three quarters of the way from the commoner class to the teacher itself
        constant = np.maximum(wanted.mean(axis=0), 1 - wanted.mean(axis=0)).mean()
        assert agreed > 0.25 * constant + 0.75
        linear = IndependentTasks(LogisticRegression()).fit(X[:600], told)
        assert agreed > (linear.predict(X[600:]) == wanted).mean()

    def test_is_nearer_to_the_teacher_with_rows_without_labels(self, problem, forest):
        X, _ = make_multitask_classification(900, random_state=0)

        def distance(student):
            pairs = zip(
                student.predict_proba(X[600:]),
                forest.predict_proba(X[600:]),
                strict=True,
            )
            return np.mean([np.abs(a - b).mean() for a, b in pairs])

        few = distill(forest, X[:100], random_state=0)
        many = distill(forest, X[:600], random_state=0)
        assert distance(many) < 0.8 * distance(few)

    def test_has_names_classes_and_dtypes_of_the_teacher(self):
        X, species = load_iris(return_X_y=True)
        y = pd.DataFrame({"name": np.array(["a", "b", "c"])[species], "set": species})
        teacher = MultiTaskForestClassifier(n_estimators=10, random_state=0).fit(X, y)
        student = distill(teacher, X, student=MultiTaskClassifier(**FAST))
        assert student.task_names_in_.tolist() == ["name", "set"]
        for ours, theirs in zip(student.classes_, teacher.classes_, strict=True):
            assert ours.dtype == theirs.dtype
            np.testing.assert_array_equal(ours, theirs)

    def test_one_column_stays_one_dimensional(self):
        X, species = load_iris(return_X_y=True)
        teacher = MultiTaskForestClassifier(n_estimators=10, random_state=0)
        student = distill(teacher.fit(X, species), X, random_state=0)
        assert student.predict(X).shape == (150,)
        assert student.score(X, species) > 0.9

    def test_regressions_come_in_their_own_units(self):
        X, y = make_multitask_regression(200, random_state=0)
        teacher = MultiTaskForestRegressor(n_estimators=30, random_state=0)
        teacher.fit(X, 1000 + 50 * y)
        student = distill(teacher, X, random_state=0)
        assert isinstance(student, MultiTaskRegressor)
        assert student.score(X, teacher.predict(X)) > 0.9

    def test_mixed_tasks_keep_their_types(self):
        X, species = load_iris(return_X_y=True)
        y = np.c_[species, np.round(X[:, 0])]
        types = ["classification", "regression"]
        teacher = MultiTaskForestMixedEstimator(
            n_estimators=10, task_types=types, random_state=0
        )
        student = distill(teacher.fit(X[:, 1:], y), X[:, 1:], random_state=0)
        assert isinstance(student, MultiTaskMixedEstimator)
        assert student.task_set_.kinds == ["multiclass", "regression"]

    def test_a_task_without_labels_stays_without(self, problem):
        X, y = problem
        y = y.copy()
        y[:, 1] = np.nan
        teacher = MultiTaskForestClassifier(
            n_estimators=5, on_empty_task="warn", random_state=0
        )
        with pytest.warns(UserWarning, match="no observed label"):
            teacher.fit(X, y)
        student = distill(teacher, X, random_state=0)
        assert np.isnan(student.predict(X)[:, 1].astype(float)).all()

    def test_a_constant_task_stays_constant(self, problem):
        X, y = problem
        y = y.copy()
        y[:, 0] = 1.0
        teacher = MultiTaskForestClassifier(n_estimators=5, random_state=0)
        with pytest.warns(UserWarning, match="single class"):
            teacher.fit(X, y)
        assert (distill(teacher, X, random_state=0).predict(X)[:, 0] == 1).all()

    def test_the_same_seed_gives_the_same_bits(self, problem, forest):
        X, _ = problem
        first, second = (distill(forest, X[:50], random_state=3) for _ in range(2))
        for a, b in zip(first.predict_proba(X), second.predict_proba(X), strict=True):
            np.testing.assert_array_equal(a, b)


class TestWhatGoesIn:
    def test_a_blend_with_categories_teaches(self, problem):
        X, y = problem
        frame = (
            pd.DataFrame(X)
            .add_prefix("x")
            .assign(colour=np.where(X[:, 0] > 0, "red", "blue"))
        )
        members = [("forest", "default"), ("linear", "default")]
        blend = MultiTaskBlendClassifier(members, random_state=0).fit(frame, y)
        student = distill(blend, frame, student=MultiTaskClassifier(**FAST))
        assert student.predict(frame).shape == y.shape

    def test_sparse_rows_are_never_made_dense(self, problem):
        X, y = problem
        table = sparse.csr_array(np.where(X > 1, X, 0.0))
        teacher = IndependentTasks(LogisticRegression()).fit(table, y)
        student = distill(teacher, table, student=MultiTaskClassifier(**FAST))
        assert student.predict(table).shape == y.shape

    def test_pipelines_teach_and_learn(self, problem):
        X, y = problem
        teacher = make_pipeline(
            StandardScaler(), MultiTaskForestClassifier(n_estimators=10)
        ).fit(X, y)
        own = make_pipeline(StandardScaler(), MultiTaskClassifier(**FAST))
        student = distill(teacher, X, student=own)
        assert student.predict(X).shape == y.shape
        assert not hasattr(own[-1], "net_")

    def test_a_student_may_end_a_nested_pipeline(self, problem, forest):
        inner = make_pipeline(StandardScaler(), MultiTaskClassifier(**FAST))
        student = distill(
            forest, problem[0], student=make_pipeline("passthrough", inner)
        )
        assert student.predict(problem[0]).shape == problem[1].shape

    def test_a_student_without_weights_is_an_error(self, problem, forest):
        student = IndependentTasks(KNeighborsClassifier())
        with pytest.raises(ValueError, match="does not support sample weights"):
            distill(forest, problem[0], student=student)

    def test_a_teacher_that_is_not_fitted_says_so(self, problem):
        with pytest.raises(NotFittedError):
            distill(MultiTaskForestClassifier(), problem[0])

    @pytest.mark.parametrize("role", ["teacher", "student"])
    def test_foreign_estimators_are_refused(self, role, problem, forest):
        given = {"teacher": forest, role: LogisticRegression()}
        with pytest.raises(TypeError, match=f"the {role} must be a multi-task"):
            distill(given["teacher"], problem[0], student=given.get("student"))

    def test_a_teacher_without_anything_to_say_is_an_error(self, problem):
        X, y = problem
        teacher = MultiTaskForestClassifier(on_empty_task="warn", n_estimators=2)
        with pytest.warns(UserWarning, match="no observed label"):
            teacher.fit(X, np.full_like(y, np.nan))
        with pytest.raises(TaskError, match="has not learned any task"):
            distill(teacher, X)


@pytest.mark.parametrize("is_1d", [True, False])
def test_a_student_learns_that_values_repeat(is_1d):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(200, 2))
    angle = np.degrees(np.arctan2(X[:, 1], X[:, 0])) % 360
    y = angle if is_1d else np.column_stack([angle, X[:, 0]])
    loss = CircularLoss(360) if is_1d else {"task0": CircularLoss(360)}
    teacher = MultiTaskRegressor(loss=loss, **FAST).fit(X, y)
    student = distill(teacher, X, random_state=0)
    assert student.task_set_.tasks[0].period == 360
    given = student.predict(X).reshape(200, -1)[:, 0]
    assert circular_error(angle, given, period=360) < 20


def test_a_teacher_whose_predictions_are_lost_is_refused():
    X = np.random.default_rng(0).normal(size=(60, 3))
    y = (X[:, :2] > 0).astype(int)
    small = {"hidden_layer_sizes": (8,), "batch_size": 16, "max_epochs": 2}
    teacher = MultiTaskClassifier(**{**FAST, **small}).fit(sparse.csr_array(X), y)
    X[0, 1] = 1e40
    message = (
        "distill: MultiTaskClassifier: the predictions of task 'task0' are not fin"
    )
    with pytest.raises(ValueError, match=message):
        distill(teacher, sparse.csr_array(X))


def test_a_teacher_of_tags_of_tokens_is_refused():
    texts, y = make_texts(30)
    teacher = UsualTags().fit(texts, y)
    with pytest.raises(TaskError, match="task 'slots' of the teacher is a token task"):
        distill(teacher, texts)


def test_a_student_does_not_take_the_teacher_for_the_truth(problem, forest):
    X, _ = problem
    net = MultiTaskClassifier(**{**FAST, "n_members": 2, "early_stopping": True})
    for student in (net, MultiTaskForestClassifier(n_estimators=10, random_state=0)):
        fitted = distill(forest, X, student=student)
        with pytest.raises(ValueError, match="fit a ConformalPredictor"):
            fitted.predict_set(X)
