"""Labels of every kind, and labels that are missing."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy import sparse

from sklearn_mtl import (
    MultiTaskClassifier,
    MultiTaskMixedEstimator,
    MultiTaskRegressor,
)
from sklearn_mtl.exceptions import (
    MissingLabelWarning,
    SingleClassWarning,
    TaskError,
    TaskTypeWarning,
    UnseenLabelWarning,
)
from sklearn_mtl.tasks import mask_labels, stack_tasks
from tests.neural_network.nets import (
    ALL,
    EXACT,
    parameters,
    same_bits,
    table,
    targets_of,
    tiny,
    with_gaps,
)
from tests.real_data import load_real

NAN = np.nan


def as_text(column):
    names = np.array(["low", "middle", "top"], dtype=object)
    seen = ~np.isnan(column)
    out = np.full(len(column), None, dtype=object)
    out[seen] = names[column[seen].astype(int)]
    return out


FORMS = {
    "array": lambda y: y,
    "list": lambda y: y.tolist(),
    "objects": lambda y: np.where(np.isnan(y), None, y.astype(object)),
    "frame": pd.DataFrame,
    "nullable": lambda y: pd.DataFrame(y).astype("Int64"),
    "category": lambda y: pd.DataFrame(y).astype("Int64").astype("category"),
    "polars": lambda y: pl.DataFrame(y).fill_nan(None),
}


@pytest.mark.parametrize("form", FORMS)
def test_the_form_of_y_does_not_change_what_is_learnt(form):
    X, y = table()
    y = with_gaps(y[:, :2])
    expected = tiny(MultiTaskClassifier).fit(X, y)
    assert same_bits(tiny(MultiTaskClassifier).fit(X, FORMS[form](y)), expected)


def test_text_is_predicted_as_text():
    X, y = table()
    y = with_gaps(y)
    words = pd.DataFrame(
        {
            "sick": pd.array(y[:, 0], dtype="boolean"),
            "size": as_text(y[:, 1]),
            "days": y[:, 2],
        }
    )
    numbers = tiny(MultiTaskMixedEstimator).fit(X, y)
    model = tiny(MultiTaskMixedEstimator).fit(X, words)
    assert same_bits(model, numbers)
    assert model.task_names_in_.tolist() == ["sick", "size", "days"]
    assert model.classes_[1].tolist() == ["low", "middle", "top"]
    predicted = model.predict(X)
    codes = numbers.predict(X)
    assert [type(v) for v in predicted[0]] == [bool, str, float]
    assert (predicted[:, 0] == (codes[:, 0] == 1)).all()
    assert (predicted[:, 1] == as_text(codes[:, 1].astype(float))).all()
    assert model.score(X, words) == numbers.score(X, y)


def test_tasks_of_one_dtype_are_predicted_in_it():
    X, y = table()
    integers = y[:, :2].astype(int)
    assert tiny(MultiTaskClassifier).fit(X, integers).predict(X).dtype.kind == "i"
    words = np.column_stack([as_text(y[:, 0]), as_text(y[:, 1])]).astype(str)
    assert tiny(MultiTaskClassifier).fit(X, words).predict(X).dtype.kind == "U"
    assert tiny(MultiTaskRegressor).fit(X, integers).predict(X).dtype == np.float64


def test_a_sparse_multilabel_y_is_read():
    X, y = table()
    Y = np.column_stack([y[:, 0], y[:, 1] > 0]).astype(int)
    model = tiny(MultiTaskClassifier).fit(X, sparse.csr_array(Y))
    assert same_bits(model, tiny(MultiTaskClassifier).fit(X, Y))


def test_one_column_stays_two_dimensional():
    X, y = table()
    flat = tiny(MultiTaskClassifier).fit(X, y[:, 1])
    column = tiny(MultiTaskClassifier).fit(X, y[:, [1]])
    assert same_bits(flat, column)
    assert flat.predict(X).shape == (120,)
    assert column.predict(X).shape == (120, 1)
    assert flat.predict_proba(X).shape == (120, 3)
    assert isinstance(column.predict_proba(X), list)
    assert isinstance(column.classes_, list)


def test_each_task_has_its_own_number_of_classes():
    X, y = table()
    five = np.digitize(X[:, 3], [-1, -0.3, 0.3, 1])
    y = np.column_stack([five, y[:, :2], five % 3])
    model = tiny(MultiTaskClassifier).fit(X, y)
    proba = model.predict_proba(X)
    assert [p.shape[1] for p in proba] == [5, 2, 3, 3]
    for t, p in enumerate(proba):
        np.testing.assert_allclose(p.sum(axis=1), 1, rtol=1e-12)
        np.testing.assert_array_equal(model.predict(X)[:, t], p.argmax(axis=1))


@pytest.mark.parametrize("cls", ALL)
def test_a_row_without_any_label_adds_nothing_to_the_loss(cls):
    X, y = table()
    y = targets_of(cls, with_gaps(y))
    model = tiny(cls, optimizer="sgd", lr=0.05, **EXACT)
    alone = parameters(model.fit(X, y))
    # the same inputs again, so that the columns are scaled as before
    model.fit(np.r_[X, X], np.r_[y, np.full(y.shape, NAN)])
    for name, value in parameters(model).items():
        np.testing.assert_allclose(value, alone[name], rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("cls", ALL)
def test_an_own_head_learns_from_its_own_labels_only(cls):
    X, y = table()
    y = targets_of(cls, y)
    model = tiny(cls, max_epochs=1, optimizer="sgd", lr=0.1, **EXACT)
    labels = y.copy()
    labels[:, 0] = np.where(np.arange(120) < 60, labels[:, 0], NAN)
    other = labels.copy()
    other[60:, 1:] = other[60:, 1:][::-1]  # rows that task 0 has no label of
    heads = []
    for target in (labels, other):
        layout = model.fit(X, target).net_.criterion_.layout
        at = layout.columns(layout.order.tolist().index(0))
        heads.append(model.net_.module_.heads.weight.detach()[..., at].clone())
    np.testing.assert_array_equal(heads[0], heads[1])


def test_a_class_with_a_single_row_is_learnt_as_a_class():
    X, y = table()
    labels = np.r_[7.0, y[1:, 1]]
    for arguments in ({}, {"n_members": 4, "early_stopping": True}):
        model = tiny(MultiTaskClassifier, **arguments).fit(X, labels)
        assert model.classes_.tolist() == [0, 1, 2, 7]
        proba = model.predict_proba(X)
        assert np.isfinite(proba).all()
        assert (proba[:, 3] > 0).all()


def test_a_class_with_a_single_row_of_real_data():
    X, Y, _ = load_real("mdc_thyroid")
    rare = min(
        np.unique(column[~np.isnan(column)], return_counts=True)[1].min()
        for column in Y.T
    )
    assert rare == 1
    model = tiny(MultiTaskClassifier, n_members=2, max_epochs=2).fit(X, Y)
    assert all(np.isfinite(proba).all() for proba in model.predict_proba(X))


def test_a_task_with_one_class_is_constant_and_said():
    X, y = table()
    labels = np.column_stack([y[:, 0], np.full(120, 3.0)])
    with pytest.warns(SingleClassWarning, match="'task1' has the single class 3.0"):
        model = tiny(MultiTaskClassifier).fit(X, labels)
    alone = tiny(MultiTaskClassifier).fit(X, y[:, [0]])
    assert same_bits(model, alone)
    assert (model.predict(X)[:, 1] == 3.0).all()
    np.testing.assert_array_equal(model.predict_proba(X)[1], np.ones((120, 1)))
    assert np.isnan(model.history_["train_loss"][:, 1]).all()
    assert model.score(X, labels) == (alone.score(X, y[:, [0]]) + 1) / 2


@pytest.mark.parametrize("cls", ALL)
def test_an_empty_task_is_an_error_or_predicted_as_nan(cls):
    X, y = table()
    y = targets_of(cls, y)
    labels = np.column_stack([y, np.full(120, NAN)])
    t = y.shape[1]
    with pytest.raises(TaskError, match=f"{cls.__name__}: task 'task{t}' has no "):
        tiny(cls).fit(X, labels)
    with pytest.warns(MissingLabelWarning, match=f"'task{t}' has no observed label"):
        model = tiny(cls, on_empty_task="warn").fit(X, labels)
    assert same_bits(model, tiny(cls).fit(X, y))
    predicted = model.predict(X).astype(float)
    assert np.isnan(predicted[:, t]).all()
    assert not np.isnan(predicted[:, :t]).any()
    assert np.isfinite(model.score(X, labels))


def test_only_constant_tasks_need_no_net():
    X, _ = table()
    with pytest.warns(SingleClassWarning):
        model = tiny(MultiTaskClassifier).fit(X, np.ones((120, 2), dtype=int))
    assert (model.predict(X) == 1).all()
    assert model.n_iter_ == 0
    assert model.transform(X).shape == (120, 8)


def test_a_constant_regression_is_predicted_as_it_is():
    X, y = table()
    model = tiny(MultiTaskRegressor).fit(X, np.column_stack([y[:, 2], np.full(120, 3)]))
    assert (model.predict(X)[:, 1] == 3.0).all()


def test_a_sentinel_is_said_and_can_be_masked():
    X, y = table()
    labels = y[:, :2].copy()
    labels[::5, 1] = -1
    with pytest.warns(
        MissingLabelWarning, match=r"'task1' has the label -1, .*mask_lab"
    ):
        model = tiny(MultiTaskClassifier).fit(X, labels)
    assert model.classes_[1].tolist() == [-1, 0, 1, 2]
    model = tiny(MultiTaskClassifier).fit(X, mask_labels(labels))
    assert model.classes_[1].tolist() == [0, 1, 2]


def test_a_label_unseen_in_fit_counts_as_wrong():
    X, y = table()
    model = tiny(MultiTaskClassifier).fit(X, y[:, 0])
    new = model.predict(X)
    new[:30] = 5
    with pytest.warns(UnseenLabelWarning, match=r"'task0': \[5.0\]\. They count as wr"):
        assert model.score(X, new) == 0.75


def test_mixed_types_are_inferred_and_can_be_overridden():
    X, y = table()
    grades = np.column_stack([y[:, :2], np.round(3 * y[:, 2])])
    with pytest.warns(TaskTypeWarning, match="task 'task2' has 18 different integers"):
        model = tiny(MultiTaskMixedEstimator).fit(X, grades)
    assert model.task_set_.kinds == ["binary", "multiclass", "multiclass"]
    model = tiny(MultiTaskMixedEstimator, task_types={"task2": "regression"})
    assert model.fit(X, grades).task_set_.kinds == [
        "binary",
        "multiclass",
        "regression",
    ]
    assert model.predict_proba(X)[2] is None
    assert model.classes_[2] is None


def test_tasks_with_rows_of_their_own_are_learnt_together():
    X, y = table()
    X, labels = stack_tasks(X, y[:, 0], np.repeat(["a", "b", "c"], 40))
    model = tiny(MultiTaskClassifier, max_epochs=30, lr=0.02).fit(X, labels)
    ids = np.repeat(["a", "b", "c"], 40)
    own = model.predict_task(X, ids)
    all_tasks = model.predict(X)
    np.testing.assert_array_equal(
        own, all_tasks[np.arange(120), np.repeat([0, 1, 2], 40)]
    )
    assert (own == y[:, 0]).mean() > 0.7
    assert model.score(X, labels) == pytest.approx((own == y[:, 0]).mean())
