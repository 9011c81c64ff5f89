"""IndependentTasks with tasks of tokens."""

import numpy as np
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline

from sklearn_mtl.exceptions import TaskError
from sklearn_mtl.model_selection import (
    MultiTaskStratifiedKFold,
    cross_val_predict,
    per_task_scorers,
)
from sklearn_mtl.multioutput import ConformalPredictor, IndependentTasks
from sklearn_mtl.tasks import as_cells
from tests.taggers import UsualTags, make_texts

TEXTS, Y = make_texts()


def assert_same(found, expected):
    for here, there in zip(found, expected, strict=True):
        for one, other in zip(here, there, strict=True):
            np.testing.assert_array_equal(one, other)


def test_a_model_per_task_is_the_model_alone():
    model = IndependentTasks(UsualTags()).fit(TEXTS, Y)
    together = UsualTags().fit(TEXTS, Y)
    assert model.predict(TEXTS).tolist() == together.predict(TEXTS).tolist()
    assert_same(model.predict_proba(TEXTS), together.predict_proba(TEXTS))
    assert [c.tolist() for c in model.classes_] == [
        c.tolist() for c in together.classes_
    ]
    assert model.score(TEXTS, Y) == together.score(TEXTS, Y)
    alone = UsualTags().fit(TEXTS, Y["slots"])
    assert model.task("slots").predict(TEXTS).tolist() == alone.predict(TEXTS).tolist()
    assert not hasattr(model, "n_features_in_")


@pytest.mark.parametrize("y", [Y["slots"], Y[["slots"]]], ids=["series", "frame"])
def test_tags_alone_are_scored_as_by_the_model_alone(y):
    model, alone = (
        m.fit(TEXTS, y) for m in (IndependentTasks(UsualTags()), UsualTags())
    )
    assert_same([model.classes_], [alone.classes_])
    for metric in ("span_f1", "skill"):
        scorer = per_task_scorers(metric)
        assert scorer(model, TEXTS, y) == scorer(alone, TEXTS, y)


def test_a_view_of_tags_is_scored_as_the_model_alone():
    view = UsualTags().fit(TEXTS, Y).task("slots")
    alone = UsualTags().fit(TEXTS, Y["slots"])
    for metric in ("span_f1", "skill"):
        scorer = per_task_scorers(metric)
        assert scorer(view, TEXTS, Y["slots"]) == scorer(alone, TEXTS, Y["slots"])


def test_each_task_may_have_its_own_model():
    counts = make_pipeline(CountVectorizer(), LogisticRegression())
    model = IndependentTasks(by_task={"slots": UsualTags(), "intent": counts})
    model.fit(TEXTS, Y)
    seen = Y["intent"].notna().to_numpy()
    texts = [text for text, is_in in zip(TEXTS, seen, strict=True) if is_in]
    alone = counts.fit(texts, Y["intent"][seen].astype(str))
    predicted = model.predict(TEXTS)
    assert predicted[:, 0].tolist() == alone.predict(TEXTS).tolist()
    assert all(isinstance(cell, list) for cell in predicted[:, 1])


def test_lists_of_tokens_have_no_columns():
    class OfTokens(UsualTags):
        def fit(self, X, y, sample_weight=None):
            return super().fit([" ".join(cell) for cell in X], y, sample_weight)

        def _task_outputs(self, X):
            return super()._task_outputs([" ".join(cell) for cell in X])

    tokens = [text.split() for text in TEXTS]
    model = IndependentTasks(OfTokens()).fit(tokens, Y)
    expected = UsualTags().fit(TEXTS, Y).predict(TEXTS)
    assert model.predict(tokens).tolist() == expected.tolist()


def test_a_tagger_without_probabilities_gives_its_tag_probability_one():
    class Longest(ClassifierMixin, BaseEstimator):
        def __sklearn_tags__(self):
            return UsualTags().__sklearn_tags__()

        def fit(self, X, y):
            self.is_fitted_ = True
            return self

        def predict(self, X):
            return as_cells([["O"] * len(text.split()) for text in X])

    model = IndependentTasks(by_task={"slots": Longest(), "intent": UsualTags()})
    model.fit(TEXTS, Y)
    tags = model.task_set_.tasks[1].classes
    for proba, text in zip(
        model.task("slots").predict_proba(TEXTS), TEXTS, strict=True
    ):
        assert (proba == (tags == "O")).all()
        assert len(proba) == len(text.split())


def test_a_nested_list_is_tags_where_it_is_said():
    y = [["O", "B"], ["B", "O"]]
    model = IndependentTasks(UsualTags(), task_types="tokens").fit(["a b", "b a"], y)
    assert model.predict(["b a"]).tolist() == [["B", "O"]]


def test_weights_of_texts_reach_the_model_of_tokens():
    weights = np.arange(len(TEXTS)) % 2
    model = IndependentTasks(UsualTags()).fit(TEXTS, Y, sample_weight=weights)
    together = UsualTags().fit(TEXTS, Y, sample_weight=weights)
    assert_same(model.predict_proba(TEXTS), together.predict_proba(TEXTS))


def test_out_of_fold_predictions_are_those_of_the_models_alone():
    cv = MultiTaskStratifiedKFold(3)
    found = cross_val_predict(IndependentTasks(UsualTags()), TEXTS, Y, cv=cv)
    expected = cross_val_predict(UsualTags(), TEXTS, Y, cv=cv)
    assert found.tolist() == expected.tolist()


def test_a_validation_set_is_cut_by_task():
    class Held(UsualTags):
        def fit(self, X, y, X_val=None, y_val=None):
            self.held_ = X_val, y_val
            return super().fit(X, y)

    model = IndependentTasks(Held()).fit(TEXTS, Y, X_val=TEXTS[:12], y_val=Y[:12])
    X_val, y_val = model.estimators_[1].held_
    kept = np.array([bool(cell) and any(cell) for cell in Y["slots"][:12]])
    assert list(X_val) == [
        text for text, is_in in zip(TEXTS, kept, strict=False) if is_in
    ]
    assert y_val.tolist() == Y["slots"][:12][kept].tolist()


def test_a_regressor_is_not_given_tokens():
    with pytest.raises(TaskError, match="'slots' is a tokens task in task_types, but"):
        IndependentTasks(
            regressor=Ridge(),
            by_task={"intent": UsualTags()},
            task_types={"slots": "tokens"},
        ).fit(TEXTS, Y)


def test_tags_have_no_prediction_sets():
    with pytest.raises(
        TaskError, match=r"'slots' has lists as labels\. Tags of tokens h"
    ):
        ConformalPredictor(UsualTags()).fit(TEXTS, Y)
