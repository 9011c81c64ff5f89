"""Tasks whose labels are lists with a tag for each token of their sample."""

import re

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.base import BaseEstimator

from sklearn_mtl.exceptions import TaskError, UnseenLabelWarning
from sklearn_mtl.linear_model import MultiTaskLinearClassifier
from sklearn_mtl.tasks import TaskSet, resolve_class_weight, task_view
from sklearn_mtl.tasks._outputs import ClassOutputsMixin
from sklearn_mtl.tasks._tokens import as_cells

NAN = np.nan
TAGS = [["O", "B-x"], None, ["I-x", None, "O"], [None], []]
CODES = [0, NAN, 0, NAN, NAN]
FRAME = pd.DataFrame({"intent": ["a", "b", "b", "a", "a"], "slots": TAGS})
# of the tags B-x, I-x and O
OF_TOKENS = [2, 0, 1, NAN, 2]


def read(y, **options):
    return TaskSet.from_y(y, allow_tokens=True, **options)


def in_column(y):
    return np.column_stack([as_cells(y)])


@pytest.mark.parametrize(
    ("y", "is_1d"),
    [
        (pd.Series(TAGS), True),
        (pd.DataFrame({"slots": TAGS}), False),
        (pl.Series(TAGS, dtype=pl.List(pl.String)), True),
        (pl.DataFrame({"slots": TAGS}), False),
        ({"slots": TAGS}, False),
        (as_cells(TAGS), True),
        (in_column(TAGS), False),
        (as_cells([None if c is None else tuple(c) for c in TAGS]), True),
        (as_cells([None if c is None else np.array(c, object) for c in TAGS]), True),
    ],
    ids=lambda y: type(y).__name__,
)
def test_lists_in_any_container_are_tags(y, is_1d):
    task_set, codes = read(y)
    (task,) = task_set.tasks
    assert task_set.is_1d == is_1d
    assert (task.kind, task.type, task.is_tokens) == ("tokens", "tokens", True)
    assert not task.is_classification
    assert task.classes.tolist() == ["B-x", "I-x", "O"]
    np.testing.assert_array_equal(codes, np.array(CODES)[:, None])
    labels = task_set.encode_tokens(y)[0]
    np.testing.assert_array_equal(labels.codes, OF_TOKENS)
    assert labels.lengths.tolist() == [2, 0, 3, 0, 0]


@pytest.mark.parametrize("task_types", ["tokens", ["tokens"], {"task0": "tokens"}])
@pytest.mark.parametrize("y", [[["O", "B"], ["B", "O"]], [["O"], ["B", "O"]]])
def test_a_nested_list_is_tags_where_it_is_said(y, task_types):
    task_set, codes = read(y, task_types=task_types, kind="classification")
    assert task_set.is_1d
    assert codes.shape == (2, 1)
    assert task_set.encode(y).tolist() == [[0], [0]]
    assert task_set.encode_tokens(y)[0].lengths.tolist() == [len(cell) for cell in y]


def test_a_nested_list_is_a_table_else():
    task_set, codes = read([["O", "B"], ["B", "O"]])
    assert codes.shape == (2, 2)
    assert task_set.kinds == ["binary", "binary"]


@pytest.mark.parametrize(
    ("tags", "classes"),
    [
        (pd.Series([[1, 2], [2, None]]), [1, 2]),
        (pd.Series([[True], [False, NAN]]), [False, True]),
    ],
)
def test_tags_keep_their_type(tags, classes):
    (task,) = read(tags)[0].tasks
    assert task.classes.tolist() == classes
    assert type(task.decode(as_cells([np.array([0, 1])]))[0][0]) is type(classes[0])


def test_labels_and_tags_of_weight_zero_are_missing():
    weights = np.array([1, 1, 0, 1, 1])
    task_set, codes = read(FRAME, sample_weight=weights)
    assert np.isnan(codes[2]).all()
    assert task_set.tasks[1].classes.tolist() == ["B-x", "O"]
    labels = task_set.encode_tokens(FRAME, sample_weight=weights)[1]
    assert labels.lengths.tolist() == [2, 0, 0, 0, 0]


def test_columns_of_tokens_are_found_by_name():
    task_set, codes = read(FRAME)
    turned = FRAME[["slots", "intent"]]
    np.testing.assert_array_equal(task_set.encode(turned), codes)
    labels = task_set.encode_tokens(turned)
    assert list(labels) == [1]
    np.testing.assert_array_equal(labels[1].codes, OF_TOKENS)


def test_a_tag_that_fit_has_not_seen_is_refused_or_wrong():
    task_set, _ = read(FRAME)
    y = FRAME.assign(slots=as_cells([["O", "new"], None, None, None, ["O"]]))
    with pytest.raises(TaskError, match=r"me: task 'slots' has tags \['new'\] in y"):
        task_set.encode_tokens(y, who="me")
    with pytest.warns(UnseenLabelWarning, match=r"'slots': \['new'\]"):
        labels = task_set.encode_tokens(y, unseen="wrong")[1]
    assert labels.codes.tolist() == [2, -1, 2]


@pytest.mark.parametrize("kind", ["mixed", "classification", "regression"])
def test_who_cannot_learn_tokens_says_who_can(kind):
    message = re.escape(
        "me: task 'slots' has lists as labels, such as ['O', 'B-x']. If they are tags "
        "of the tokens of texts, use MultiTaskClassifier(trunk=Text()) with texts"
    )
    with pytest.raises(TaskError, match=message):
        TaskSet.from_y(FRAME, who="me", kind=kind)
    with pytest.raises(TaskError, match=r"me: task 'task0' has lists as labels\. If"):
        TaskSet.from_y([NAN, 0.5], who="me", task_types="tokens", on_empty_task="warn")


def test_an_estimator_of_tables_refuses_tags():
    with pytest.raises(TaskError, match="MultiTaskLinearClassifier: task 'slots' has"):
        MultiTaskLinearClassifier().fit(np.zeros((5, 1)), FRAME)


@pytest.mark.parametrize("classes", [None, {"intent": ["a", "b"], "slots": ["O"]}])
def test_a_stream_has_no_tokens(classes):
    with pytest.raises(
        TaskError, match=r"me: task 'slots' has lists as labels\. partial_fit"
    ):
        TaskSet.from_classes(FRAME, classes, who="me")


@pytest.mark.parametrize(
    ("y", "message"),
    [
        (["a", "b"], "me: task 'task0' is a token task, but has labels such as 'a' in"),
        (
            as_cells([["O"], ["O", None]]),
            "me: task 'task0' has the single tag 'O'; at",
        ),
        (as_cells([["O"], [1]]), r"me: task 'task0' has labels of the types \['int', "),
        (
            as_cells([[["O"]]]),
            "me: y has entries of type list, but it must have one la",
        ),
        (as_cells([[0.5], [1.5]]), "me: task 'task0' has fractional class labels"),
        (as_cells([["O"], "O"]), "me: task 'task0' has both lists and other labels"),
    ],
)
def test_labels_that_are_no_tags_are_refused(y, message):
    with pytest.raises(TaskError, match=message):
        read(y, task_types="tokens", who="me")


def test_tokens_are_no_type_of_a_regressor():
    with pytest.raises(TaskError, match="'tokens', but this estimator supports only r"):
        read(as_cells(TAGS), task_types="tokens", kind="regression")


def test_another_y_must_have_tags_where_fit_had_them():
    task_set, _ = read(FRAME)
    with pytest.raises(TaskError, match="me: task 'slots' is a token task, but has"):
        task_set.encode(FRAME.assign(slots="O"), who="me")
    with pytest.raises(TaskError, match="me: task 'intent' has lists in y, such as"):
        task_set.encode(FRAME.assign(intent=as_cells([["a"]] * 5)), who="me")


@pytest.mark.parametrize("said", ["binary", "multiclass"])
def test_lists_are_no_classes_where_those_are_said(said):
    with pytest.raises(TaskError, match=r"me: task 'slots' has lists as labels, such"):
        read(FRAME, task_types={"slots": said}, kind="mixed", who="me")
    task_set, _ = read(FRAME, task_types={"slots": "tokens"}, kind="mixed")
    assert task_set.tasks[1].is_tokens


def test_a_task_without_any_tag_is_empty():
    y = FRAME.assign(slots=as_cells([None, [None], [], None, None]))
    with pytest.raises(TaskError, match="'slots' has no observed label"):
        read(y)
    task_set, codes = read(y, on_empty_task="warn", warn=False)
    assert task_set.kinds == ["binary", "empty"]
    assert np.isnan(codes[:, 1]).all()
    assert not task_set.encode_tokens(y)


def test_class_weights_of_tokens_are_refused():
    task_set, codes = read(FRAME)
    for fine in ({"intent": "balanced"}, None):
        resolve_class_weight(task_set, codes, None, fine, "me")
    for wrong in ("balanced", {"a": 2.0}, {"slots": "balanced"}):
        with pytest.raises(
            TaskError, match=r"me: class_weight is not supported .* 'slots'"
        ):
            resolve_class_weight(task_set, codes, None, wrong, "me")


# Outputs, of a model that gives the tag of each word that is its number in CLASSES.

CLASSES = ["B-x", "I-x", "O"]
TEXTS = np.array(["2 0", "1 1 1", "", "2"], dtype=object)
TRUTH = pd.DataFrame(
    {
        "first": ["B-x", "I-x", "O", "O"],
        "slots": [["O", "I-x"], ["I-x", None, "I-x"], [], ["B-x"]],
    }
)


def one_hot(text):
    return 0.8 * np.eye(3)[[int(word) for word in text.split()]] + 0.2 / 3


class Tagger(ClassOutputsMixin, BaseEstimator):
    """Tags each word, and the text by its first word."""

    def fit(self, X, y):
        self.task_set_, _ = TaskSet.from_y(y, allow_tokens=True)
        return self

    def _task_outputs(self, X):
        tokens = [one_hot(text) for text in X]
        if self.task_set_.is_1d:
            return [tokens]
        return [np.array([one_hot(f"{text} 2")[0] for text in X]), tokens]


PREDICTED = [["O", "B-x"], ["I-x", "I-x", "I-x"], [], ["O"]]


@pytest.fixture
def tagger():
    return Tagger().fit(TEXTS, TRUTH)


def test_tags_are_predicted_as_lists(tagger):
    predicted = tagger.predict(TEXTS)
    assert predicted.shape == (4, 2)
    assert predicted[:, 0].tolist() == ["O", "I-x", "O", "O"]
    assert predicted[:, 1].tolist() == PREDICTED
    assert tagger.predict_frame(TEXTS)["slots"].tolist() == PREDICTED
    assert [c.tolist() for c in tagger.classes_] == [CLASSES, CLASSES]


def test_lists_of_one_length_are_no_table(tagger):
    predicted = tagger.predict(["2 0", "1 1"])
    assert predicted.shape == (2, 2)
    assert predicted[:, 1].tolist() == [["O", "B-x"], ["I-x", "I-x"]]


def test_probabilities_of_tags_are_one_array_per_sample(tagger):
    intent, slots = tagger.predict_proba(TEXTS)
    assert intent.shape == (4, 3)
    assert [proba.shape for proba in slots] == [(2, 3), (3, 3), (0, 3), (1, 3)]
    assert list(tagger.proba_frame(TEXTS).columns) == [("first", c) for c in CLASSES]


def test_one_dimensional_tags_give_lists():
    tagger = Tagger().fit(TEXTS, TRUTH["slots"])
    predicted = tagger.predict(TEXTS)
    assert predicted.shape == (4,)
    assert predicted.tolist() == PREDICTED
    assert tagger.predict_proba(TEXTS)[0].shape == (2, 3)
    assert tagger.score(TEXTS, TRUTH["slots"]) == 3 / 5


def test_each_text_may_ask_for_its_own_task(tagger):
    found = tagger.predict_task(TEXTS, ["slots", "first", "slots", "first"])
    assert found.tolist() == [["O", "B-x"], "I-x", [], "O"]


def test_score_is_the_mean_accuracy_over_tags(tagger):
    # 3 of 4 first words; 3 of 5 tags that are there
    assert tagger.score(TEXTS, TRUTH) == pytest.approx((3 / 4 + 3 / 5) / 2)
    weights = [2, 1, 1, 0]
    # 2 of the 4 tags of the first text, taken twice, and both tags of the second
    assert tagger.score(TEXTS, TRUTH, weights) == pytest.approx((2 / 4 + 4 / 6) / 2)


def test_an_unseen_tag_is_scored_as_wrong(tagger):
    y = TRUTH.assign(slots=as_cells([["new", "B-x"], None, None, None]))
    with pytest.warns(UnseenLabelWarning):
        assert tagger.score(TEXTS, y) == pytest.approx((3 / 4 + 1 / 2) / 2)


def test_score_with_a_regression_is_a_mean_of_skills():
    class Mixed(Tagger):
        def _task_outputs(self, X):
            return [np.array([1.0, 2.0, 3.0, 4.0]), [one_hot(text) for text in X]]

    y = TRUTH.assign(first=[1.0, 2.0, 3.0, 4.5])
    right, wrong = np.log(0.8 + 0.2 / 3), np.log(0.2 / 3)
    share = np.array([1, 3, 1]) / 5  # of B-x, I-x and O
    skill = 1 - (3 * right + 2 * wrong) / 5 / (share @ np.log(share))
    r2 = 1 - 0.25 / np.sum((y["first"] - 2.625) ** 2)
    assert Mixed().fit(TEXTS, y).score(TEXTS, y) == pytest.approx((r2 + skill) / 2)


def test_predictions_must_have_as_many_tokens_as_there_are_tags(tagger):
    y = TRUTH.assign(slots=as_cells([["O", "O"], ["O"], None, None]))
    message = "Tagger: task 'slots': sample 1 has 1 tags in y, but 3 tokens were pred"
    with pytest.raises(TaskError, match=message):
        tagger.score(TEXTS, y)
    with pytest.raises(TaskError, match="TaskTokensView: task 'slots': sample 1 has 1"):
        tagger.task("slots").score(TEXTS, y["slots"])


def test_the_view_of_a_task_of_tokens_gives_lists(tagger):
    for view in (tagger.task("slots"), task_view(tagger, "slots")):
        assert view.predict(TEXTS).tolist() == PREDICTED
        assert [p.shape for p in view.predict_proba(TEXTS)][1] == (3, 3)
        assert view.classes_.tolist() == CLASSES
        assert view.score(TEXTS, TRUTH["slots"]) == 3 / 5
    assert tagger.task("first").predict(TEXTS).tolist() == ["O", "I-x", "O", "O"]


def test_probabilities_of_tags_must_be_finite(tagger, monkeypatch):
    broken = [np.full((2, 3), NAN), *(one_hot(text) for text in TEXTS[1:])]
    monkeypatch.setattr(Tagger, "_task_outputs", lambda self, X: [np.eye(3), broken])
    with pytest.raises(
        ValueError, match="task 'slots' are not finite for 1 of 4 sampl"
    ):
        tagger.predict_proba(TEXTS)
