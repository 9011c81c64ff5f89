import numpy as np
import pytest

from sklearn_mtl.ensemble._encoding import TargetEncoding
from sklearn_mtl.tasks import TaskSet
from sklearn_mtl.tasks._weights import cell_weights


def encode(y, weights=None, **kwargs):
    task_set, codes = TaskSet.from_y(y, warn=False, on_empty_task="warn", **kwargs)
    weights = cell_weights(task_set, codes, weights)
    encoding = TargetEncoding.learn(task_set, codes, weights)
    return encoding, encoding.encode(codes), weights


def test_every_task_has_mean_0_and_variance_1(mixed):
    _, y = mixed
    encoding, columns, weights = encode(y)
    for t, place in encoding.places:
        seen = weights[:, t] > 0
        np.testing.assert_allclose(columns[seen, place].mean(axis=0), 0.0, atol=1e-6)
        variance = columns[seen, place].var(axis=0).sum()
        np.testing.assert_allclose(variance, 1.0, rtol=1e-5)


def test_a_missing_label_is_0_in_all_columns_of_its_task(mixed):
    _, y = mixed
    encoding, columns, weights = encode(y)
    for t, place in encoding.places:
        assert not columns[weights[:, t] == 0, place].any()


def test_a_label_comes_back(mixed):
    _, y = mixed
    encoding, columns, weights = encode(y)
    outputs = encoding.decode(columns)
    for t in (0, 1):
        seen = weights[:, t] > 0
        np.testing.assert_array_equal(outputs[t][seen].argmax(axis=1), y[seen, t])
        np.testing.assert_allclose(outputs[t].sum(axis=1), 1.0)
    seen = weights[:, 2] > 0
    np.testing.assert_allclose(outputs[2][seen], y[seen, 2], atol=1e-6)


def test_scores_beyond_what_was_seen_are_clamped(mixed):
    _, y = mixed
    encoding, columns, _ = encode(y)
    binary, _, number = encoding.decode(1e3 * columns)
    assert set(np.unique(binary)) <= {0.0, *np.unique(binary[columns[:, 0] == 0]), 1.0}
    assert number.min() >= np.nanmin(y[:, 2])
    assert number.max() <= np.nanmax(y[:, 2])


def test_scores_of_no_class_give_the_frequencies():
    encoding, _, _ = encode(np.array([0.0, 1, 1, 2]))
    proba = encoding.decode(np.full((1, 3), -1e3))[0]
    np.testing.assert_allclose(proba, [[0.25, 0.5, 0.25]])


def test_a_weight_of_two_is_the_same_as_the_row_twice():
    y = np.array([[0.0, 0.1], [1, 0.7], [1, 2.5]])
    weighted, _, _ = encode(y, [2.0, 1.0, 1.0])
    repeated, _, _ = encode(y[[0, 0, 1, 2]])
    np.testing.assert_allclose(weighted.mean, repeated.mean)
    np.testing.assert_allclose(weighted.scale, repeated.scale)


def test_sums_of_columns_do_not_depend_on_the_order_of_rows(mixed):
    _, y = mixed
    _, columns, _ = encode(y)
    order = np.random.default_rng(0).permutation(len(columns))
    assert np.cumsum(columns, axis=0)[-1].tobytes() == (
        np.cumsum(columns[order], axis=0)[-1].tobytes()
    )


@pytest.mark.parametrize(
    ("labels", "kind"), [([3.0] * 4, "constant"), ([np.nan] * 4, "empty")]
)
def test_a_task_with_nothing_to_learn_has_no_column(labels, kind):
    y = np.column_stack([labels, [0.5, 1.5, 2.5, 3.5]])
    encoding, columns, _ = encode(y)
    assert encoding.task_set.kinds[0] == kind
    assert columns.shape == (4, 1)
    output = encoding.decode(columns)[0]
    assert output.shape == (4, 1) if kind == "constant" else np.isnan(output).all()
