"""Metrics of the tags of tokens; seqeval is the witness of those of spans."""

import numpy as np
import pandas as pd
import pytest
from seqeval.metrics import f1_score
from sklearn.exceptions import UndefinedMetricWarning
from sklearn.metrics import accuracy_score, log_loss

from sklearn_mtl.exceptions import TaskError, UnseenLabelWarning
from sklearn_mtl.metrics import mean_task_score, per_task_score
from sklearn_mtl.tasks import as_cells

SCHEMES = {
    "IOB": ["O", "B-a", "I-a", "B-b", "I-b"],
    "IOBES": ["O", "B-a", "I-a", "E-a", "S-a", "B-b", "I-b", "E-b", "S-b"],
    "types with hyphens": ["O", "B-a-b", "I-a-b", "I-b"],
    "no types": ["O", "B", "I", ".", "E", "S"],
}


def texts(tags, n_texts=60, seed=0):
    """Return true and predicted tags of texts, of which two thirds are right."""
    rng = np.random.default_rng(seed)
    true = [rng.choice(tags, rng.integers(0, 9)).tolist() for _ in range(n_texts)]
    found = [
        [tag if rng.random() < 0.67 else str(rng.choice(tags)) for tag in cell]
        for cell in true
    ]
    return true, found


def score(true, found, metric="span_f1", **options):
    y_true, y_pred = as_cells(true), as_cells(found)
    return per_task_score(y_true, y_pred, metric=metric, **options)["task0"]


@pytest.mark.filterwarnings("ignore:.* seems not to be NE tag:UserWarning")
@pytest.mark.parametrize("tags", SCHEMES.values(), ids=SCHEMES)
@pytest.mark.parametrize("seed", range(3))
def test_f1_of_spans_is_that_of_seqeval(tags, seed):
    true, found = texts(tags, seed=seed)
    assert 0 < score(true, found) < 1
    assert score(true, found) == pytest.approx(f1_score(true, found), abs=1e-12)


@pytest.mark.parametrize(
    ("true", "found", "expected"),
    [
        # an I that begins a span, as in IOB1
        (["I-a", "I-a", "O"], ["B-a", "I-a", "O"], 1.0),
        (["B-a", "I-b"], ["B-a", "B-b"], 1.0),
        (["B-a", "B-a"], ["B-a", "I-a"], 0.0),
        # a span too short; type wrong; one of two
        (["B-a", "I-a"], ["B-a", "O"], 0.0),
        (["B-a", "I-a"], ["B-b", "I-b"], 0.0),
        (["B-a", "O", "B-b"], ["B-a", "O", "O"], 2 / 3),
    ],
)
def test_a_span_must_have_its_type_beginning_and_end(true, found, expected):
    assert score([true], [found]) == expected


@pytest.mark.parametrize("last", ["b", "a"])
def test_a_type_that_only_one_side_has_changes_no_other_span(last):
    true = [["O", "B-a"], ["B-a", "B-a"], ["O", f"B-{last}"]]
    found = [["O", "I-b"], ["B-a", "O"], ["O", "B-a"]]
    assert score(true, found) == pytest.approx(f1_score(true, found))
    assert score(found, true) == pytest.approx(f1_score(found, true))


def test_spans_do_not_go_on_in_the_next_text():
    assert score([["B-a"], ["I-a"]], [["B-a"], ["B-a"]]) == 1.0


def test_whole_weights_are_repeated_texts():
    true, found = texts(SCHEMES["IOB"])
    weights = np.arange(len(true)) % 3
    times = np.repeat(np.arange(len(true)), weights)
    again = [true[i] for i in times], [found[i] for i in times]
    for metric in ("span_f1", "token_accuracy"):
        expected = score(*again, metric)
        assert score(true, found, metric, sample_weight=weights) == pytest.approx(
            expected
        )


@pytest.mark.filterwarnings("error")
def test_a_missing_tag_is_in_no_score():
    true = [["B-a", None, "I-a"], ["B-b", None, "O"], None, ["O", "O"]]
    found = [["B-a", "I-a", "I-a"], ["B-b", "I-b", "O"], ["B-a"], ["O", "B-b"]]
    # the spans a, a, b are found, whatever stands where a tag is missing; b is too many
    assert score(true, found) == 2 * 3 / (3 + 4)
    assert score(true, found, "token_accuracy") == 5 / 6
    other = [["B-a", "O", "I-a"], ["B-b", "B-b", "O"], [], ["O", "B-b"]]
    assert score(true, other) == score(true, found)


def test_metrics_of_classes_score_tags_one_by_one():
    rng = np.random.default_rng(0)
    tags = SCHEMES["IOB"]
    true, found = texts(tags)
    flat = [np.concatenate(cells) for cells in (true, found)]
    for metric in ("accuracy", "token_accuracy"):
        assert score(true, found, metric) == pytest.approx(accuracy_score(*flat))
    proba = [rng.dirichlet(np.ones(5), len(cell)) for cell in true]
    expected = log_loss(flat[0], np.concatenate(proba)[:, np.argsort(np.argsort(tags))])
    y, classes = as_cells(true), [np.sort(tags)]
    assert expected > 0
    expected = log_loss(flat[0], np.concatenate(proba), labels=np.sort(tags))
    for given in (proba, [proba], {"task0": proba}):
        found = per_task_score(y, given, metric="log_loss", classes=classes)
        assert found["task0"] == pytest.approx(expected)


def test_an_own_function_gets_lists_of_tags():
    true, found = texts(SCHEMES["IOB"])
    assert score(true, found, f1_score) == pytest.approx(score(true, found))
    true[0] = [None, *true[0]]
    found[0] = ["O", *found[0]]
    seen = {}
    score(true, found, lambda y, given: seen.update(y=y, given=given) or 0.0)
    kept = [cell for cell in true if cell]
    assert seen["y"][0] == kept[0][1:]
    assert [len(cell) for cell in seen["given"]] == [len(cell) for cell in seen["y"]]


FRAME = pd.DataFrame(
    {"intent": ["x", "y", "x"], "slots": [["B-a", "O"], ["O"], ["B-a", "I-a"]]}
)
GIVEN = FRAME.assign(slots=as_cells([["B-a", "O"], ["B-a"], ["B-a", "I-a"]]))


@pytest.mark.parametrize("convert", [pd.DataFrame.copy, pd.DataFrame.to_numpy, dict])
def test_auto_is_the_f1_of_spans(convert):
    metric = {"classification": "accuracy"}
    found = per_task_score(FRAME, convert(GIVEN), metric=metric)
    assert found == {"intent": 1.0, "slots": 0.8}
    assert per_task_score(FRAME, convert(GIVEN), metric="accuracy")["slots"] == 0.8
    metric = {"tokens": "token_accuracy", "classification": "accuracy"}
    assert mean_task_score(FRAME, convert(GIVEN), metric=metric) == 0.9


def test_auto_is_the_accuracy_of_tags_that_mark_no_spans():
    true = [["noun", "verb"], ["noun"]]
    assert score(true, [["noun", "noun"], ["noun"]], "auto") == 2 / 3


def test_a_nested_list_is_scored_where_it_is_said_to_be_tags():
    y = [["B-a", "O"], ["O", "O"]]
    for options in ({"metric": "span_f1"}, {"task_types": "tokens"}):
        assert per_task_score(y, y, **options) == {"task0": 1.0}


def test_unseen_tags_are_wrong():
    y = as_cells([["B-a", "B-new"]])
    with pytest.warns(UnseenLabelWarning, match=r"\['B-new'\]"):
        found = per_task_score(y, y, metric="token_accuracy", classes=[["B-a", "O"]])
    assert found["task0"] == 0.5


def test_missing_predictions_have_no_score():
    with pytest.warns(UndefinedMetricWarning, match="predictions are NaN"):
        assert np.isnan(score([["B-a", "O"]], [[None, None]]))


def test_texts_without_spans_have_no_score():
    with pytest.warns(UndefinedMetricWarning, match="no span"):
        assert np.isnan(score([["O", "O"], ["O"]], [["O", "O"], ["O"]]))


@pytest.mark.parametrize(
    ("found", "metric", "message"),
    [
        ([["O"], ["O"]], "span_f1", "'task0': sample 0 has 2 tags in y, but 1 tokens"),
        ([[1, 2], [1]], "span_f1", "'task0' has strings as labels in y_true, such"),
        (["O", "O"], "span_f1", "has lists of tags in y, but its prediction of sample"),
        ([["O", "O"], ["O"]], {"tokens": "r2"}, "is a tokens task, which 'r2' cannot"),
        ([["O", "O"], ["O"]], "r2", "is a regression task, but its labels have the d"),
        (
            [np.eye(2), np.eye(3)],
            "log_loss",
            r"2 tags, but y_pred has \[2, 3\] columns",
        ),
    ],
)
def test_what_does_not_fit_is_refused(found, metric, message):
    with pytest.raises(TaskError, match=message):
        score([["B-a", "O"], ["O"]], found, metric)


def test_metrics_of_tokens_are_for_tokens():
    y = pd.DataFrame({"a": [0, 1]})
    with pytest.raises(TaskError, match="'a' is a binary task, which 'span_f1' cannot"):
        per_task_score(y, y, metric={"a": "span_f1"})
    with pytest.raises(
        TaskError, match=r"requires tags that are strings, .* got \[1, 2\]"
    ):
        score([[1, 2]], [[1, 2]])
