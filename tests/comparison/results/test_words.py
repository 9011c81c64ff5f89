import numpy as np
import pytest

from sklearn_mtl.comparison import Interval
from sklearn_mtl.comparison.results._words import (
    gain_and_interval,
    listed,
    metric_label,
    number,
    second_label,
    second_value,
    seconds,
    shorten,
    signed,
    worth_in_labels,
)

NAN = float("nan")


@pytest.mark.parametrize(
    ("value", "plain", "with_sign"),
    [
        (0.12345, "0.123", "+0.123"),
        (-1.0, "-1.000", "-1.000"),
        (-123456.0, "-1.23e+05", "-1.23e+05"),
        (NAN, "-", "-"),
    ],
)
def test_numbers(value, plain, with_sign):
    assert number(value) == plain
    assert signed(value) == with_sign


def test_seconds_have_as_many_digits_as_matter():
    assert [seconds(v) for v in (0.014, 9.99, 12.3, NAN)] == ["0.01", "9.99", "12", "-"]


def test_gain_without_interval_is_a_number():
    assert gain_and_interval(Interval(0.1, 0.05, 0.15, 0.01, 5)) == (
        "+0.100 [+0.050, +0.150]"
    )
    assert gain_and_interval(Interval(0.1, NAN, NAN, NAN, 1)) == "+0.100"


def test_lists_are_read_aloud_and_cut():
    assert listed([]) == ""
    assert listed(["a"]) == "a"
    assert listed(["a", "b", "c"]) == "a, b and c"
    assert listed(list("abcdefgh")) == "a, b, c, d, e and 3 more"


def test_long_names_keep_both_ends():
    assert shorten("short", 10) == "short"
    cut = shorten("measurement_of_site_27", 12)
    assert len(cut) == 12
    assert cut.startswith("measu")
    assert cut.endswith("te_27")


def test_second_scores_are_shown_as_errors_where_they_are():
    assert metric_label("neg_log_loss") == "minus log-loss"
    assert metric_label("average_precision") == "average precision"
    assert second_label("neg_log_loss") == "log-loss (less is better)"
    assert second_value("neg_log_loss", -0.5) == 0.5
    assert second_label("f1") == "f1"
    assert second_value("f1", 0.5) == 0.5


def test_labels_that_sharing_is_worth_are_a_sentence():
    assert worth_in_labels(20.2, 61.7, 400) == (
        "With 20 labels, it scores as high as its twin with about 62."
    )
    assert "with more than 400." in worth_in_labels(20, np.inf, 400)
