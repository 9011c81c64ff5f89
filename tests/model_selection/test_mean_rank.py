import numpy as np
import pytest
from sklearn.linear_model import Ridge
from sklearn.model_selection import GridSearchCV

from sklearn_mtl.exceptions import TaskError
from sklearn_mtl.model_selection import best_mean_rank, per_task_scorers

RESULTS = {
    "mean_test_a": np.array([-1.0, -2.0, -3.0, np.nan]),
    "mean_test_b": np.array([-3e9, -1e9, -2e9, -1e9]),
    "mean_test_mean": np.array([np.nan, -9.0, -9.0, 0.0]),
    "split0_test_a": np.zeros(4),
}


def test_ranks_do_not_depend_on_units_and_no_score_comes_last():
    # Ranks of a: 1, 2, 3, 4; of b: 4, 1, 3, 1.
    assert best_mean_rank(RESULTS) == 1


def test_all_candidates_alike_give_the_first():
    assert best_mean_rank({"mean_test_a": np.full(3, 0.3)}) == 0


def test_a_search_refits_the_best_mean_rank():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((40, 3))
    y = (X[:, :2] + rng.standard_normal((40, 2))) * [1e9, 1.0]
    scoring = per_task_scorers("neg_mean_absolute_error", mean=False)
    grid = {"alpha": [0.1, 10.0, 1e5]}
    search = GridSearchCV(Ridge(), grid, scoring=scoring, refit=best_mean_rank)
    search.fit(X, y)
    ranks = [search.cv_results_[f"rank_test_task{t}"] for t in range(2)]
    assert search.best_index_ == np.mean(ranks, axis=0).argmin()


def test_results_without_tasks_are_refused():
    with pytest.raises(TaskError, match="no score of a task"):
        best_mean_rank({"mean_test_score": np.zeros(2)})
