"""Built-in models of a comparison."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from scipy.sparse import issparse
from sklearn.compose import TransformedTargetRegressor
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.ensemble import (
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.linear_model import LogisticRegression, RidgeCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_mtl.comparison.design._dummy_tagger import DummyTagger
from sklearn_mtl.comparison.design._inputs import Inputs
from sklearn_mtl.linear_model import (
    MultiTaskLinearClassifier,
    MultiTaskLinearMixedEstimator,
    MultiTaskLinearRegressor,
)
from sklearn_mtl.multioutput import IndependentTasks
from sklearn_mtl.tasks import TaskSet
from sklearn_mtl.utils._typing import Estimator

__all__ = ["MODELS", "Recipe", "Situation"]

_N_MEMBERS = 3
_RIDGE_ALPHAS = (0.1, 1.0, 10.0, 100.0, 1000.0)


@dataclass(frozen=True)
class Situation:
    """Data and settings from which the models are built.

    Attributes
    ----------
    tasks : TaskSet
        The tasks.
    inputs : Inputs
        Input data and its preparation.
    random_state : int or None
        Seed of the models.
    trunk : trunk spec, nn.Module, callable or None, default=None
        Trunk of the nets; None is their default trunk.
    """

    tasks: TaskSet
    inputs: Inputs
    random_state: int | None
    trunk: Any = None

    @property
    def task_types(self) -> list[str]:
        """Return "classification", "regression" or "tokens" for each task."""
        return [task.type for task in self.tasks.tasks]

    @property
    def of_tokens(self) -> list[str]:
        """Return the names of the token tasks."""
        return [task.name for task in self.tasks.tasks if task.is_tokens]

    @property
    def problem(self) -> str:
        """Return "classification", "regression" or "mixed"."""
        # token tasks are learned by classifiers
        types = self.task_types
        kinds = {"classification" if one == "tokens" else one for one in types}
        return kinds.pop() if len(kinds) == 1 else "mixed"

    def together(
        self, classifier: Any, regressor: Any, mixed: Any, **settings: Any
    ) -> Any:
        """Return a shared estimator of the class for these types of tasks."""
        if self.problem == "mixed":
            settings = {"task_types": self.task_types, **settings}
        kinds = {"classification": classifier, "regression": regressor, "mixed": mixed}
        return kinds[self.problem](on_empty_task="warn", **settings)

    def apart(
        self, estimator: Estimator | None = None, **models: Any
    ) -> IndependentTasks:
        """Return one model per task; tasks without labels are predicted as NaN."""
        return IndependentTasks(
            estimator, task_types=self.task_types, on_empty_task="warn", **models
        )


@dataclass(frozen=True)
class Recipe:
    """Definition of a built-in model.

    Attributes
    ----------
    role : {"dummy", "single", "shared"}
        Role of the model in the comparison.
    make : callable
        Function from Situation to an estimator without the preparation of its inputs.
    preparation : {"one-hot", "codes", "own"}, default="one-hot"
        "one-hot" imputes numbers and one-hot encodes categories. "codes" encodes
        categories as integers in the first columns and keeps missing values. With "own"
        the estimator prepares all inputs except free text.
    has_twin : bool, default=True
        Whether a shared model gets a twin.
    effort : float, default=1.0
        Rough cost of a fit relative to the other models. It is used to estimate the
        remaining time until a fit of this model has been measured.
    learns_tokens : bool, default=False
        Whether the model can learn token tasks from unprepared texts.
    """

    role: str
    make: Callable[[Situation], Any]
    preparation: str = "one-hot"
    has_twin: bool = True
    effort: float = 1.0
    learns_tokens: bool = False

    def prepared(self, estimator: Estimator, inputs: Inputs) -> Any:
        """Return the estimator in a Pipeline with the preparation, if one is needed."""
        prepare = {
            "one-hot": inputs.one_hot,
            "codes": inputs.ordinal,
            "own": inputs.components,
        }[self.preparation]()
        return estimator if prepare is None else make_pipeline(prepare, estimator)


def _scaled(estimator: Estimator, situation: Situation) -> Any:
    # centring would make a sparse matrix dense
    scaler = StandardScaler(with_mean=not issparse(situation.inputs.X))
    return make_pipeline(scaler, estimator)


def _dummy(situation: Situation) -> Any:
    classifier = DummyClassifier(strategy="prior")
    tokenizer = getattr(situation.trunk, "tokenizer", None)
    taggers = {name: DummyTagger(tokenizer) for name in situation.of_tokens}
    return situation.apart(
        classifier=classifier, regressor=DummyRegressor(), by_task=taggers or None
    )


def _linear(situation: Situation) -> Any:
    # Tasks with many classes need more iterations than the default of 100.
    classifier = LogisticRegression(max_iter=1000)
    return situation.apart(
        classifier=_scaled(classifier, situation),
        regressor=_scaled(RidgeCV(alphas=_RIDGE_ALPHAS), situation),
    )


def _forest(situation: Situation) -> Any:
    settings: dict[str, Any] = {
        "n_estimators": 200,
        "random_state": situation.random_state,
    }
    # Breiman recommends a third of the features per split for regression.
    regressor = RandomForestRegressor(**settings, max_features=1 / 3)
    return situation.apart(
        classifier=RandomForestClassifier(**settings),
        # Trees do not split nodes with a variance below 2e-16, so targets need scaling.
        regressor=TransformedTargetRegressor(regressor, transformer=StandardScaler()),
    )


def _boosting(situation: Situation) -> Any:
    settings: dict[str, Any] = {
        "categorical_features": list(range(len(situation.inputs.categorical))) or None,
        # "auto" makes a stratified validation split, which fails for a class with a
        # single sample.
        "early_stopping": False,
        "random_state": situation.random_state,
    }
    return situation.apart(
        classifier=HistGradientBoostingClassifier(**settings),
        regressor=HistGradientBoostingRegressor(**settings),
    )


def _net(situation: Situation) -> Any:
    from sklearn_mtl import neural_network as nets  # loads torch

    return situation.together(
        nets.MultiTaskClassifier,
        nets.MultiTaskRegressor,
        nets.MultiTaskMixedEstimator,
        random_state=situation.random_state,
        trunk=situation.trunk,
    )


def _blend(situation: Situation) -> Any:
    from sklearn_mtl import ensemble  # loads torch

    return situation.together(
        ensemble.MultiTaskBlendClassifier,
        ensemble.MultiTaskBlendRegressor,
        ensemble.MultiTaskBlendMixedEstimator,
        random_state=situation.random_state,
        estimators=None if situation.trunk is None else _members(situation),
    )


def _members(situation: Situation) -> list[tuple[str, Any]]:
    """Return the default members of a blend, where the net has the given trunk."""
    net = _net(situation)
    if getattr(situation.trunk, "default_n_members", 1) == 1:
        # A blend refits a single net for each of its folds, six fits in all. Several
        # members each hold out a fold, so that no refits are needed.
        net.set_params(n_members=_N_MEMBERS)
    return [
        ("net", net),
        *((name, "default") for name in ("forest", "linear", "boosting")),
    ]


def _shared_linear(situation: Situation) -> Any:
    linear = situation.together(
        MultiTaskLinearClassifier,
        MultiTaskLinearRegressor,
        MultiTaskLinearMixedEstimator,
    )
    return _scaled(linear, situation)


# The table of scores has this order.
MODELS: dict[str, Recipe] = {
    "dummy": Recipe("dummy", _dummy, effort=0.01, learns_tokens=True),
    "linear": Recipe("single", _linear, effort=0.1),
    "forest": Recipe("single", _forest),
    "boosting": Recipe("single", _boosting, preparation="codes", effort=3.0),
    "shared-linear": Recipe("shared", _shared_linear),
    "net": Recipe("shared", _net, preparation="own", learns_tokens=True),
    # A twin fits one blend per task. It took 2 to 5 times as long as the blend on five
    # tables with 2 to 7 tasks.
    "blend": Recipe("shared", _blend, preparation="own", has_twin=False, effort=2.0),
}
