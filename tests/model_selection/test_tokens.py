"""Cross-validation, searches and scorers of tasks of tokens."""

import numpy as np
import pandas as pd
import pytest
from seqeval.metrics import f1_score
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV
from sklearn.model_selection import cross_validate as sklearn_cross_validate

from sklearn_mtl.exceptions import TaskError
from sklearn_mtl.metrics import per_task_score
from sklearn_mtl.model_selection import (
    MultiTaskStratifiedKFold,
    TaskDecisionsCV,
    cross_val_predict,
    cross_validate,
    per_task_scorers,
    task_scorer,
    train_test_split,
)
from sklearn_mtl.tasks import as_cells
from tests.taggers import UsualTags, make_texts

TEXTS, Y = make_texts()
CV = MultiTaskStratifiedKFold(3)
METRIC = {"slots": "span_f1", "intent": "accuracy"}


def folds():
    return list(CV.split(TEXTS, Y))


def take(rows):
    return [TEXTS[i] for i in rows], Y.iloc[rows]


def by_hand(fold):
    """Return the accuracy of intents and the F1 of slots of a model of a fold."""
    train, test = fold
    X_test, y_test = take(test)
    predicted = UsualTags().fit(*take(train)).predict(X_test)
    has_intent = y_test["intent"].notna().to_numpy()
    right = y_test["intent"].to_numpy() == predicted[:, 0]
    pairs = [
        (true, found)
        for true, found in zip(y_test["slots"], predicted[:, 1], strict=True)
        if true is not None and None not in true
    ]
    return right[has_intent].mean(), f1_score(*map(list, zip(*pairs, strict=True)))


@pytest.mark.parametrize("run", [cross_validate, sklearn_cross_validate])
def test_cross_validation_scores_intents_and_spans(run):
    found = run(UsualTags(), TEXTS, Y, cv=CV, scoring=per_task_scorers(METRIC))
    expected = np.array([by_hand(fold) for fold in folds()])
    np.testing.assert_allclose(found["test_intent"], expected[:, 0])
    # the sample with a missing tag is in one of the folds
    close = np.isclose(found["test_slots"], expected[:, 1])
    assert close.sum() >= 2
    np.testing.assert_allclose(
        found["test_mean"], (found["test_intent"] + found["test_slots"]) / 2
    )


def test_default_scores_are_there_for_every_task():
    found = cross_validate(UsualTags(), TEXTS, Y, cv=3)
    assert {"test_intent", "test_slots", "test_mean"} <= set(found)
    again = cross_validate(
        UsualTags(), TEXTS, Y, cv=3, scoring=per_task_scorers({"slots": "span_f1"})
    )
    np.testing.assert_array_equal(found["test_slots"], again["test_slots"])


def test_a_search_chooses_by_the_scores_of_tokens():
    search = GridSearchCV(
        UsualTags(),
        {"alpha": [0.1, 10.0]},
        cv=CV,
        scoring=task_scorer("skill", average={"slots": 1}),
    )
    search.fit(TEXTS, Y)
    assert search.best_params_ == {"alpha": 0.1}
    assert search.predict(TEXTS)[:, 1].tolist() == (
        UsualTags(alpha=0.1).fit(TEXTS, Y).predict(TEXTS)[:, 1].tolist()
    )


def test_out_of_fold_predictions_are_those_of_the_folds():
    found = cross_val_predict(UsualTags(), TEXTS, Y, cv=CV)
    proba = cross_val_predict(UsualTags(), TEXTS, Y, cv=CV, method="predict_proba")
    assert found.shape == (60, 2)
    tags = np.unique([tag for cell in Y["slots"].dropna() for tag in cell if tag])
    for train, test in folds():
        model = UsualTags().fit(*take(train))
        X_test, _ = take(test)
        assert found[test].tolist() == model.predict(X_test).tolist()
        for row, expected in zip(test, model.predict_proba(X_test)[1], strict=True):
            known = np.isin(tags, model.classes_[1])
            np.testing.assert_allclose(proba[1][row][:, known], expected)
            assert (proba[1][row][:, ~known] == 0).all()
    scores = per_task_score(Y, found, metric=METRIC)
    assert 0 < scores["slots"] < 1
    by_proba = per_task_score(Y, proba, metric="accuracy")
    assert by_proba == per_task_score(Y, found, metric="accuracy")


def test_tags_alone_are_predicted_out_of_fold():
    y = Y["slots"]
    found = cross_val_predict(UsualTags(), TEXTS, y, cv=3)
    proba = cross_val_predict(UsualTags(), TEXTS, y, cv=3, method="predict_proba")
    assert found.shape == (60,)
    assert [len(cell) for cell in found] == [len(cell) for cell in proba]
    expected = per_task_score(y, found, metric="accuracy")
    assert per_task_score(y, proba, metric="accuracy") == expected


def test_a_tag_that_a_fold_lacks_has_probability_zero():
    y = pd.Series([["a"], ["b"], ["a"], ["c"]])
    texts, cv = ["x", "y", "x", "y"], [([0, 1], [2, 3]), ([2, 3], [0, 1])]
    proba = cross_val_predict(UsualTags(), texts, y, cv=cv, method="predict_proba")
    assert [np.round(cell[0], 2).tolist() for cell in proba] == [
        *([0.92, 0.0, 0.08], [0.08, 0.0, 0.92]),
        *([0.92, 0.08, 0.0], [0.08, 0.92, 0.0]),
    ]


@pytest.mark.filterwarnings("ignore:.* has no observed label")
def test_a_fold_without_tags_gives_no_token():
    y = pd.Series([["a", "b"], ["b"], None, None])
    cv = [([0, 1], [2, 3]), ([2, 3], [0, 1])]
    options = {"cv": cv, "method": "predict_proba"}
    model = UsualTags(on_empty_task="warn")
    proba = cross_val_predict(model, ["x y", "y", "y", "x"], y, **options)
    assert [cell.shape for cell in proba] == [(0, 2), (0, 2), (1, 2), (1, 2)]
    found = cross_val_predict(model, ["x y", "y", "y", "x"], y, cv=cv)
    assert pd.isna(found[0])
    assert found[2:].tolist() == [["b"], ["a"]]


@pytest.mark.parametrize("metric", ["span_f1", "token_accuracy", "log_loss", f1_score])
def test_scorers_weight_texts(metric):
    y, model = Y[["slots"]], UsualTags().fit(TEXTS, Y[["slots"]])
    seen = y["slots"].notna().to_numpy()
    weights = np.arange(60) % 3
    times = np.repeat(np.arange(60), weights * seen)
    name = f"neg_{metric}" if metric == "log_loss" else metric
    scorer = per_task_scorers(name, mean=False)
    if callable(metric):
        weights = seen * 1.0
        times = np.flatnonzero(seen)
    again = scorer(model, [TEXTS[i] for i in times], y.iloc[times])
    assert scorer(model, TEXTS, y, sample_weight=weights) == pytest.approx(again)


@pytest.mark.parametrize("calibrate", [None, "sigmoid"])
def test_decisions_leave_tags_as_they_are(calibrate):
    model = TaskDecisionsCV(UsualTags(), cv=3, calibrate=calibrate).fit(TEXTS, Y)
    plain = UsualTags().fit(TEXTS, Y)
    assert model.predict(TEXTS)[:, 1].tolist() == plain.predict(TEXTS)[:, 1].tolist()
    pairs = zip(
        model.predict_proba(TEXTS)[1], plain.predict_proba(TEXTS)[1], strict=True
    )
    assert all(np.array_equal(one, other) for one, other in pairs)


def test_decisions_cannot_choose_tags():
    with pytest.raises(TaskError, match=r"\['slots'\] are regression or token"):
        TaskDecisionsCV(UsualTags(), scoring={"slots": "f1"}).fit(TEXTS, Y)


def test_one_split_and_a_clone_keep_lists():
    X_train, X_test, y_train, y_test = train_test_split(TEXTS, Y, random_state=0)
    assert len(X_train) == len(y_train) == 45
    model = clone(UsualTags().fit(X_train, y_train)).fit(X_train, y_train)
    assert 0 < model.score(X_test, y_test) < 1
    array = as_cells(Y["slots"])
    parts = train_test_split(TEXTS, array, random_state=0)
    assert all(isinstance(cell, list | None) for cell in parts[3])
