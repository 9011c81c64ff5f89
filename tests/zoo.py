"""The estimators that shared tests run over: name -> function that makes one.

All are small, seeded, and take missing labels. Add an estimator here and the shared
tests, `tests/integration` among them, run with it.
"""

from sklearn.linear_model import LogisticRegression, Ridge

from sklearn_mtl import (
    IndependentTasks,
    MultiTaskClassifier,
    MultiTaskMixedEstimator,
    MultiTaskRegressor,
)

SMALL_NET = {
    "hidden_layer_sizes": (16,),
    "n_members": 1,
    "max_epochs": 30,
    "lr": 0.02,
    "early_stopping": False,
    "random_state": 0,
}

CLASSIFIERS = {
    "independent": lambda: IndependentTasks(LogisticRegression()),
    "net": lambda: MultiTaskClassifier(**SMALL_NET),
}
REGRESSORS = {
    "independent": lambda: IndependentTasks(Ridge()),
    "net": lambda: MultiTaskRegressor(**SMALL_NET),
}
MIXED = {
    "independent": lambda: IndependentTasks(
        classifier=LogisticRegression(), regressor=Ridge()
    ),
    "net": lambda: MultiTaskMixedEstimator(**SMALL_NET),
}
