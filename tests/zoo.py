"""The estimators that shared tests run over: name -> function that makes one.

All are small, seeded, and take missing labels. Add an estimator here and the shared
tests, `tests/equivalences` and `tests/integration`, run with it;
`tests/equivalences/test_zoo.py` fails where a public estimator is missing.
"""

from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.preprocessing import StandardScaler

from sklearn_mtl import (
    ConformalPredictor,
    IndependentTasks,
    MultiTaskClassifier,
    MultiTaskMixedEstimator,
    MultiTaskRegressor,
)
from sklearn_mtl.balancing import Sampled
from sklearn_mtl.ensemble import (
    MultiTaskBlendClassifier,
    MultiTaskBlendMixedEstimator,
    MultiTaskBlendRegressor,
    MultiTaskForestClassifier,
    MultiTaskForestMixedEstimator,
    MultiTaskForestRegressor,
)
from sklearn_mtl.grouping import TaskGroupSearchCV
from sklearn_mtl.linear_model import (
    MultiTaskLinearClassifier,
    MultiTaskLinearClassifierCV,
    MultiTaskLinearMixedEstimator,
    MultiTaskLinearMixedEstimatorCV,
    MultiTaskLinearRegressor,
    MultiTaskLinearRegressorCV,
)
from sklearn_mtl.model_selection import TaskDecisionsCV
from sklearn_mtl.modules import Conv
from sklearn_mtl.neighbors import NeighborRetriever

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


def small_decisions(estimator):
    """Return thresholds that are tuned on two folds."""
    return TaskDecisionsCV(estimator, cv=2)


SMALL_SEARCH = {"alphas": 4, "cv": 3}


def small_conformal(estimator):
    """Return intervals and sets from three folds."""
    return ConformalPredictor(estimator, cv=3)


CLASSIFIERS = {
    "blend": lambda: small_blend(MultiTaskBlendClassifier, MultiTaskForestClassifier),
    "conformal": lambda: small_conformal(
        IndependentTasks(LogisticRegression(max_iter=1000))
    ),
    "conv": lambda: MultiTaskClassifier(**SMALL_CONV),
    "decisions": lambda: small_decisions(MultiTaskForestClassifier(**SMALL_FOREST)),
    "forest": lambda: MultiTaskForestClassifier(**SMALL_FOREST),
    "groups": lambda: small_groups(IndependentTasks(LogisticRegression(max_iter=1000))),
    "independent": lambda: IndependentTasks(LogisticRegression(max_iter=1000)),
    "linear": lambda: MultiTaskLinearClassifier(),
    "linear, l21": lambda: MultiTaskLinearClassifier(penalty="l21", alpha=0.01),
    "linear CV": lambda: MultiTaskLinearClassifierCV(**SMALL_SEARCH),
    "net": lambda: MultiTaskClassifier(**SMALL_NET),
}
REGRESSORS = {
    "blend": lambda: small_blend(MultiTaskBlendRegressor, MultiTaskForestRegressor),
    "conformal": lambda: small_conformal(IndependentTasks(Ridge())),
    "conv": lambda: MultiTaskRegressor(**SMALL_CONV),
    "forest": lambda: MultiTaskForestRegressor(**SMALL_FOREST),
    "groups": lambda: small_groups(MultiTaskForestRegressor(**SMALL_FOREST)),
    "independent": lambda: IndependentTasks(Ridge()),
    "linear": lambda: MultiTaskLinearRegressor(),
    "linear, l21": lambda: MultiTaskLinearRegressor(penalty="l21", alpha=0.01),
    "linear CV": lambda: MultiTaskLinearRegressorCV(**SMALL_SEARCH),
    "net": lambda: MultiTaskRegressor(**SMALL_NET),
}
MIXED = {
    "groups": lambda: small_groups(
        IndependentTasks(
            classifier=LogisticRegression(max_iter=1000), regressor=Ridge()
        )
    ),
    "blend": lambda: small_blend(
        MultiTaskBlendMixedEstimator, MultiTaskForestMixedEstimator
    ),
    "conformal": lambda: small_conformal(
        IndependentTasks(
            classifier=LogisticRegression(max_iter=1000), regressor=Ridge()
        )
    ),
    "conv": lambda: MultiTaskMixedEstimator(**SMALL_CONV),
    "decisions": lambda: small_decisions(MultiTaskForestMixedEstimator(**SMALL_FOREST)),
    "forest": lambda: MultiTaskForestMixedEstimator(**SMALL_FOREST),
    "independent": lambda: IndependentTasks(
        classifier=LogisticRegression(max_iter=1000), regressor=Ridge()
    ),
    "linear": lambda: MultiTaskLinearMixedEstimator(),
    "linear CV": lambda: MultiTaskLinearMixedEstimatorCV(
        classifier=MultiTaskLinearClassifierCV(**SMALL_SEARCH),
        regressor=MultiTaskLinearRegressorCV(**SMALL_SEARCH),
    ),
    "net": lambda: MultiTaskMixedEstimator(**SMALL_NET),
    "net, every option": lambda: MultiTaskMixedEstimator(**SMALL_NET, **OPTIONS),
}
RETRIEVERS = {
    "features": lambda: NeighborRetriever(StandardScaler()),
    "net": lambda: NeighborRetriever(MultiTaskClassifier(**SMALL_NET)),
    "one task": lambda: NeighborRetriever(MultiTaskClassifier(**SMALL_NET), task=0),
}


def predictors():
    """Return every estimator that predicts: (kind, name) -> function that makes one."""
    kinds = {"classifier": CLASSIFIERS, "regressor": REGRESSORS, "mixed": MIXED}
    return {
        (kind, name): make for kind, zoo in kinds.items() for name, make in zoo.items()
    }
