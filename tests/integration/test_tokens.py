"""A net that learns texts and their tokens goes through all tools."""

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV
from sklearn.model_selection import cross_validate as sklearn_cross_validate

from sklearn_mtl import IndependentTasks, MultiTaskClassifier
from sklearn_mtl.comparison import compare
from sklearn_mtl.model_selection import (
    MultiTaskStratifiedKFold,
    cross_val_predict,
    cross_validate,
    per_task_scorers,
    task_scorer,
)
from sklearn_mtl.modules import Text
from sklearn_mtl.tasks import task_view
from tests.taggers import make_texts

TEXTS, Y = make_texts(60)
CV = MultiTaskStratifiedKFold(2)
METRIC = {"slots": "token_accuracy", "intent": "accuracy"}


@pytest.fixture
def net():
    trunk = Text(n_buckets=64, embedding_size=8, width=8, n_layers=1, dropout=0.0)
    return MultiTaskClassifier(
        trunk=trunk, max_epochs=6, batch_size=8, lr=0.05, random_state=0
    )


def test_both_ways_of_cross_validation_give_the_same_scores(net):
    ours = cross_validate(net, TEXTS, Y, cv=2, scoring=per_task_scorers(METRIC))
    theirs = sklearn_cross_validate(
        net, TEXTS, Y, cv=CV, scoring=per_task_scorers(METRIC), error_score="raise"
    )
    for name in ("test_intent", "test_slots", "test_mean"):
        np.testing.assert_array_equal(ours[name], theirs[name])
    assert (ours["test_slots"] > 0.65).all()


def test_a_search_and_its_view_predict_tags(net):
    search = GridSearchCV(
        net, {"max_epochs": [1, 6]}, cv=CV, scoring=task_scorer("skill")
    )
    search.fit(TEXTS, Y)
    assert search.best_params_ == {"max_epochs": 6}
    tags = task_view(search, "slots").predict(TEXTS)
    assert [len(cell) for cell in tags] == [len(text.split()) for text in TEXTS]
    assert tags.tolist() == search.predict(TEXTS)[:, 1].tolist()


def test_out_of_fold_predictions_are_those_of_clones(net):
    found = cross_val_predict(net, TEXTS, Y, cv=CV)
    train, test = next(CV.split(TEXTS, Y))
    model = clone(net).fit([TEXTS[i] for i in train], Y.iloc[train])
    expected = model.predict([TEXTS[i] for i in test])
    assert found[test].tolist() == expected.tolist()


def test_twins_are_the_net_with_one_task(net):
    twins = IndependentTasks(net).fit(TEXTS, Y)
    seen = np.array([bool(cell) and any(cell) for cell in Y["slots"]])
    own = [text for text, is_in in zip(TEXTS, seen, strict=True) if is_in]
    alone = clone(net).fit(own, Y["slots"][seen])
    assert twins.predict(TEXTS)[:, 1].tolist() == alone.predict(TEXTS).tolist()


def test_a_comparison_has_the_net_its_twin_and_the_dummy(net):
    found = compare(TEXTS, Y, ["dummy", ("net", net)], cv=2, scoring=METRIC)
    assert not [one for one in found.problems if one.kind == "error"]
    assert found.table["slots"].notna().all()
    assert found.table.loc["net", "slots"] > found.table.loc["dummy", "slots"]


@pytest.mark.exhaustive
def test_a_comparison_by_name_has_the_rows_that_learn_tags(net):
    named = compare(TEXTS, Y, trunk=net.trunk, cv=2)
    assert {"dummy", "net", "net, one per task"} <= set(named.table.index)
    assert not [one for one in named.problems if one.kind == "error"]
