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
from sklearn_mtl.balancing import Sampled
from sklearn_mtl.comparison import TaskGroupSearchCV
from sklearn_mtl.ensemble import (
    MultiTaskBlend,
    MultiTaskBlendClassifier,
    MultiTaskBlendRegressor,
    MultiTaskForest,
    MultiTaskForestClassifier,
    MultiTaskForestRegressor,
)
from sklearn_mtl.modules import Conv

SMALL_NET = {
    "hidden_layer_sizes": (16,),
    "n_members": 1,
    "max_epochs": 30,
    "lr": 0.02,
    "early_stopping": False,
    "random_state": 0,
}

OPTIONS = {
    "head": "feedback",
    "shared_penalty": 1e-4,
    "balancing": "uncertainty",
    "task_schedule": Sampled(n_tasks=2),
}


class RowConv(Conv):
    """Takes the row of a table, of any length, for a picture one pixel high."""

    def build(self, n_features, n_members, n_tasks=1):
        arguments = {**self.get_params(deep=False), "image_shape": (1, 1, n_features)}
        return Conv(**arguments).build(n_features, n_members, n_tasks)


SMALL_CONV = {
    **SMALL_NET,
    "trunk": RowConv((1, 1, 1), channels=(8,), pool=1, hidden=16),
}

SMALL_FOREST = {"n_estimators": 10, "random_state": 0}


def small_blend(blend, forest):
    """Return a blend of a small forest and the linear member."""
    members = [("forest", forest(n_estimators=10)), ("linear", "default")]
    return blend(members, random_state=0)


def small_groups(estimator):
    """Return a search of groups that is cheap: affinities of labels and two folds."""
    return TaskGroupSearchCV(estimator, method="label", cv=2, random_state=0)


CLASSIFIERS = {
    "blend": lambda: small_blend(MultiTaskBlendClassifier, MultiTaskForestClassifier),
    "conv": lambda: MultiTaskClassifier(**SMALL_CONV),
    "forest": lambda: MultiTaskForestClassifier(**SMALL_FOREST),
    "groups": lambda: small_groups(IndependentTasks(LogisticRegression())),
    "independent": lambda: IndependentTasks(LogisticRegression()),
    "net": lambda: MultiTaskClassifier(**SMALL_NET),
}
REGRESSORS = {
    "blend": lambda: small_blend(MultiTaskBlendRegressor, MultiTaskForestRegressor),
    "conv": lambda: MultiTaskRegressor(**SMALL_CONV),
    "forest": lambda: MultiTaskForestRegressor(**SMALL_FOREST),
    "groups": lambda: small_groups(MultiTaskForestRegressor(**SMALL_FOREST)),
    "independent": lambda: IndependentTasks(Ridge()),
    "net": lambda: MultiTaskRegressor(**SMALL_NET),
}
MIXED = {
    "groups": lambda: small_groups(
        IndependentTasks(classifier=LogisticRegression(), regressor=Ridge())
    ),
    "blend": lambda: small_blend(MultiTaskBlend, MultiTaskForest),
    "conv": lambda: MultiTaskMixedEstimator(**SMALL_CONV),
    "independent": lambda: IndependentTasks(
        classifier=LogisticRegression(), regressor=Ridge()
    ),
    "net": lambda: MultiTaskMixedEstimator(**SMALL_NET),
    "net, every option": lambda: MultiTaskMixedEstimator(**SMALL_NET, **OPTIONS),
}
