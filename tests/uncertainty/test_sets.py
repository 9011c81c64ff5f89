import numpy as np

from sklearn_mtl.uncertainty._sets import class_scores, true_scores


def test_a_score_is_the_probability_of_all_likelier_classes():
    proba = np.random.default_rng(0).dirichlet(np.ones(5), size=50)
    likelier = proba[:, None, :] > proba[:, :, None]
    np.testing.assert_allclose(
        class_scores(proba), (likelier * proba[:, None, :]).sum(axis=2), atol=1e-15
    )


def test_the_likeliest_class_has_score_0_and_others_more():
    proba = np.array([[0.2, 0.7, 0.1], [0.5, 0.25, 0.25]])
    np.testing.assert_allclose(class_scores(proba), [[0.7, 0.0, 0.9], [0.0, 0.5, 0.75]])


def test_missing_labels_have_no_score():
    proba = np.array([[0.2, 0.8], [0.6, 0.4], [0.3, 0.7]])
    found = true_scores(proba, np.array([0.0, np.nan, 1.0]))
    np.testing.assert_array_equal(found, [0.8, np.nan, 0.0])


def test_a_constant_task_scores_0():
    assert (class_scores(np.ones((3, 1))) == 0).all()
