import numpy as np
import pytest
from scipy.special import expit, gamma, hyp2f1, softmax
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss

from sklearn_mtl.datasets import make_multitask_classification


def make(**arguments):
    return make_multitask_classification(return_X_y=False, random_state=0, **arguments)


def test_probabilities_are_those_of_the_coefficients():
    made = make(n_tasks=2, n_classes=[2, 4])
    binary = expit(made.X @ made.coef[0][0] + made.intercept[0])
    many = softmax(made.X @ made.coef[1].T + made.intercept[1], axis=1)
    np.testing.assert_allclose(made.proba[0][:, 1], binary)
    np.testing.assert_allclose(made.proba[1], many)
    assert [w.shape for w in made.coef] == [(1, 20), (4, 20)]


def test_logistic_regression_finds_the_binary_coefficients():
    made = make(n_samples=20000, n_tasks=1, class_sep=2.0)
    model = LogisticRegression(C=1e4).fit(made.X, made.y[:, 0])
    np.testing.assert_allclose(model.coef_, made.coef[0], atol=0.12)


def test_labels_are_drawn_from_the_probabilities():
    made = make(n_samples=20000, n_tasks=1, n_classes=3)
    proba = made.proba[0]
    bits = -np.log(proba)
    entropy = (proba * bits).sum(axis=1)
    variance = (proba * bits**2).sum(axis=1) - entropy**2
    error = log_loss(made.y[:, 0], proba) - entropy.mean()
    # of the mean of independent draws: 0.0043
    assert abs(error) < 3 * np.sqrt(variance.sum()) / 20000


@pytest.mark.parametrize(("imbalance", "n_classes"), [(0.0, 5), (0.5, 3), (0.95, 2)])
def test_classes_have_the_wanted_shares(imbalance, n_classes):
    made = make(n_samples=5000, n_classes=n_classes, imbalance=imbalance)
    wanted = (1 - imbalance) ** np.arange(n_classes)
    wanted /= wanted.sum()
    for t in range(4):
        np.testing.assert_allclose(made.proba[t].mean(axis=0), wanted, atol=1e-6)
        found = np.bincount(made.y[:, t], minlength=n_classes) / 5000
        np.testing.assert_allclose(found, wanted, atol=0.03)


def test_flipped_labels_leave_the_best_classifier_at_the_stated_accuracy():
    made = make(n_samples=20000, n_tasks=1, class_sep=200.0, flip_y=0.3)
    right = (made.proba[0].argmax(axis=1) == made.y[:, 0]).mean()
    # half of the redrawn labels are right by chance; of the others those near the
    # border are not always right, as the probabilities say
    expected = 0.3 / 2 + 0.7 * made.proba[0].max(axis=1)
    assert expected.mean() == pytest.approx(0.85, abs=0.005)
    error = np.sqrt((expected * (1 - expected)).sum()) / 20000
    assert abs(right - expected.mean()) < 3 * error


def test_every_task_may_have_its_own_share_of_noise():
    made = make(n_samples=5000, n_tasks=3, class_sep=200.0, flip_y=[0.0, 0.4, 1.0])
    best = np.column_stack([proba.argmax(axis=1) for proba in made.proba])
    agree = (best == made.y).mean(axis=0)
    np.testing.assert_allclose(agree, [1.0, 0.8, 0.5], atol=0.03)


def cosines(made):
    rows = np.concatenate(made.coef)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    return rows @ rows.T


def test_related_tasks_agree_more_than_those_of_other_groups():
    made = make(n_samples=5000, n_groups=2, relatedness=0.9, class_sep=1000.0)
    agree = (made.y[:, :, None] == made.y[:, None, :]).mean(axis=0)
    # Sheppard: how often normal variables of this correlation have the same sign; the
    # intercepts are less than 1 / 500 of the logits
    expected = 1 - np.arccos(np.clip(cosines(made), -1, 1)) / np.pi
    error = np.sqrt(expected * (1 - expected) / 5000)
    assert (np.abs(agree - expected) <= 3 * error + 1 / 500).all()
    assert min(agree[0, 1], agree[2, 3]) > max(agree[0, 2:].max(), agree[1, 2:].max())


def test_directions_correlate_as_asked_within_groups_and_not_across():
    found = cosines(make(n_samples=5, n_tasks=200, n_groups=100, relatedness=0.5))
    within = found[np.arange(0, 200, 2), np.arange(1, 200, 2)]
    # expected cosine of two normal vectors of 10 entries that correlate by 0.5
    factor = 0.2 * (gamma(5.5) / gamma(5)) ** 2
    expected = 0.5 * factor * hyp2f1(0.5, 0.5, 6, 0.5**2)
    assert abs(within.mean() - expected) < 3 * within.std() / np.sqrt(100)
    across = found[np.arange(0, 200, 4), np.arange(2, 200, 4)]
    assert abs(across.mean()) < 3 * np.sqrt(1 / 10 / 50)  # the variance is 1 / 10


def test_without_separation_the_labels_are_noise():
    made = make(n_samples=2000, n_tasks=1, class_sep=0.0)
    np.testing.assert_allclose(made.proba[0], 0.5)


def test_hidden_labels_are_nan_and_the_complete_ones_stay():
    made = make(n_samples=1000, n_tasks=2, missing_fraction=0.4)
    assert made.y.dtype == float
    np.testing.assert_allclose(np.isnan(made.y).mean(axis=0), 0.4, atol=0.002)
    shown = ~np.isnan(made.y)
    np.testing.assert_array_equal(made.y[shown], made.y_complete[shown])


def test_complete_labels_are_integers_and_repeat():
    X, y = make_multitask_classification(random_state=0)
    made = make()
    assert y.dtype.kind == "i"
    np.testing.assert_array_equal(X, made.X)
    np.testing.assert_array_equal(y, made.y)


def test_nonlinear_tasks_have_no_coefficients():
    made = make(nonlinear=True, n_classes=3)
    assert made.coef is None
    assert made.task_types == ["multiclass"] * 4


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"n_classes": 1}, "n_classes is 1; it must be an integer of at least 2"),
        ({"n_classes": [2, 3]}, "one for each of the 4 tasks"),
        ({"imbalance": 1.0}, r"imbalance is 1.0; it must be in \[0, 1\)"),
        (
            {"missing_fraction": -0.2},
            r"missing_fraction is -0.2; it must be in \[0, 1\)",
        ),
        ({"flip_y": 1.5}, "flip_y is 1.5; it must be a number in"),
        ({"flip_y": [0.1, 0.1]}, "one for each of the 4 tasks"),
    ],
)
def test_bad_arguments_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        make_multitask_classification(**arguments)
