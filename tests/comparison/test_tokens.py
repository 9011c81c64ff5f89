"""Comparisons whose tasks have a tag for each token."""

from collections import Counter

import numpy as np
import pandas as pd
import pytest
from seqeval.metrics import f1_score
from sklearn.dummy import DummyClassifier

from sklearn_mtl.comparison import compare, compare_datasets, make_estimator
from sklearn_mtl.comparison.design._dummy_tagger import DummyTagger
from sklearn_mtl.exceptions import TaskError
from sklearn_mtl.multioutput import IndependentTasks
from sklearn_mtl.tasks import as_cells
from tests.taggers import UsualTags, make_texts

TEXTS, Y = make_texts(90)
MODELS = ["dummy", ("counts", UsualTags())]


COSTS = ["fit seconds", "predict seconds", "model MB"]


class Trunk:
    """What a comparison asks a trunk of texts."""

    preparation = "text"
    tokenizer = None


@pytest.fixture(scope="module")
def found():
    return compare(TEXTS, Y, MODELS, cv=3)


def test_tokens_have_the_scores_of_spans_and_of_tags(found):
    rows = {row.name: row for row in found.tasks}
    assert (rows["slots"].kind, rows["slots"].metric) == ("tokens", "span_f1")
    assert rows["slots"].second_metric == "token_accuracy"
    assert (rows["slots"].zero, rows["slots"].unit) == (0.0, 1.0)
    table = found.table
    # tasks that are counted apart have nothing in common
    assert table.loc["counts", "slots"] == table.loc["counts, one per task", "slots"]
    assert table.loc["dummy", "slots"] == 0.0
    assert table.loc["counts", "slots"] > 0.5
    assert not found.problems


def test_a_fold_is_scored_as_by_hand():
    rows = np.arange(len(TEXTS))
    splits = [(rows[30:], rows[:30])]
    found = compare(TEXTS, Y, MODELS, cv=splits)
    model = UsualTags().fit(TEXTS[30:], Y[30:])
    given = model.predict(TEXTS[:30])[:, 1]
    tags = [
        (true or "O", guess if true else "O")  # a missing tag is outside in both
        for true_tags, guesses in zip(Y["slots"][:30], given, strict=True)
        for true, guess in zip(true_tags or (), guesses, strict=bool(true_tags))
    ]
    lengths = [len(cell) for cell in Y["slots"][:30] if cell]
    places = np.split(np.arange(len(tags)), np.cumsum(lengths)[:-1])
    pairs = [[[tags[k][side] for k in part] for part in places] for side in (0, 1)]
    expected = f1_score(*pairs)
    assert found.table.loc["counts", "slots"] == pytest.approx(expected, rel=1e-12)


def test_the_dummy_gives_the_most_frequent_tag():
    model = DummyTagger().fit(TEXTS, Y["slots"])
    tags = Counter(tag for cell in Y["slots"].dropna() for tag in cell if tag)
    (usual, count), *_ = tags.most_common()
    assert model.predict(["a b", ""]).tolist() == [[usual] * 2, []]
    share = model.predict_proba(["a"])[0][0].max()
    assert share == pytest.approx(count / sum(tags.values()))
    for X in (pd.DataFrame({"text": ["a b"]}), [["a", "b"]], np.array(["a b"])):
        assert model.predict(X).tolist() == [[usual] * 2]
    by_letter = DummyTagger(list).fit(["ab"], pd.Series([["x", "y"]]))
    assert len(by_letter.predict(["abc"])[0]) == 3


def test_tags_may_be_the_only_task():
    table = compare(TEXTS, Y["slots"], MODELS, cv=3).table
    assert table["slots"].notna().all()
    assert table.loc["counts", "slots"] == table.loc["counts, one per task", "slots"]


@pytest.mark.parametrize("convert", [pd.Series, np.array, pd.DataFrame])
def test_texts_may_be_in_any_container(found, convert):
    again = compare(convert(TEXTS), Y, MODELS[:1], cv=3)
    assert again.table.loc["dummy", "slots"] == found.table.loc["dummy", "slots"]


@pytest.mark.parametrize(
    "convert", [list, as_cells, pd.Series, lambda tokens: pd.DataFrame({"t": tokens})]
)
def test_lists_of_tokens_need_no_trunk_to_be_told_from_tables(found, convert):
    again = compare(convert([text.split() for text in TEXTS]), Y, MODELS[:1], cv=3)
    assert (
        again.table.loc["dummy"]
        .drop(COSTS)
        .equals(found.table.loc["dummy"].drop(COSTS))
    )


def test_scores_of_tags_have_a_common_scale():
    found = compare(
        TEXTS,
        Y,
        MODELS,
        cv=3,
        scoring={"slots": "token_accuracy", "intent": "accuracy"},
    )
    row = next(row for row in found.tasks if row.name == "slots")
    tags = Counter(tag for cell in Y["slots"].dropna() for tag in cell if tag)
    assert row.zero == pytest.approx(max(tags.values()) / sum(tags.values()))
    assert row.unit == pytest.approx(1 - row.zero)


def test_hidden_labels_and_learning_curves_work_for_tokens():
    found = compare(
        TEXTS, Y, MODELS, cv=3, missing_fraction=0.2, learning_curve=(0.5, 1.0)
    )
    assert not [one for one in found.problems if one.kind == "error"]
    assert found.learning_curve.notna().to_numpy().any()


def test_data_sets_of_texts_are_compared():
    found = compare_datasets({"a": (TEXTS, Y), "b": (TEXTS[:60], Y[:60])}, MODELS, cv=2)
    assert found.table.notna().to_numpy().all()


def test_rows_that_cannot_learn_tags_are_refused():
    message = (
        r"model 'linear' cannot learn task 'slots', whose labels are tags of tokens\. "
    )
    with pytest.raises(
        TaskError, match=message + r"Models that can: \['dummy', 'net'\]"
    ):
        compare(TEXTS, Y, ["linear"])
    with pytest.raises(TaskError, match="net learns them from texts; pass trunk=sklea"):
        compare(TEXTS, Y)


def test_the_dummy_is_made_by_name():
    model = make_estimator("dummy", TEXTS, Y).fit(TEXTS, Y)
    assert isinstance(model, IndependentTasks)
    assert isinstance(model.estimators_[0], DummyClassifier)
    assert model.predict(["a b c"])[0, 1] == ["O"] * 3


def test_models_of_tables_read_texts_for_tasks_of_texts():
    found = compare(TEXTS, Y[["intent"]], ["dummy", "linear"], cv=3)
    assert found.table.loc["linear", "intent"] > found.table.loc["dummy", "intent"]
    model = make_estimator("linear", TEXTS, Y[["intent"]]).fit(TEXTS, Y[["intent"]])
    assert model.predict(TEXTS[:3]).shape == (3, 1)
