"""The rows that are known by name, and how each is built."""

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

from sklearn_mtl.comparison.design._inputs import Inputs
from sklearn_mtl.comparison.design._usual_tag import UsualTag
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
    """What a recipe may look at.

    Attributes
    ----------
    tasks : TaskSet
        The tasks.
    inputs : Inputs
        The inputs, for the preparation.
    random_state : int or None
        Seed of the models.
    trunk : trunk spec, nn.Module, callable or None, default=None
        Trunk of the nets; None is their default.
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
        """Return the names of the tasks of tokens."""
        return [task.name for task in self.tasks.tasks if task.is_tokens]

    @property
    def problem(self) -> str:
        """One of "classification", "regression" and "mixed"."""
        # a classifier learns tokens
        types = self.task_types
        kinds = {"classification" if one == "tokens" else one for one in types}
        return kinds.pop() if len(kinds) == 1 else "mixed"

    def together(
        self, classifier: Any, regressor: Any, mixed: Any, **settings: Any
    ) -> Any:
        """Return an estimator of the class that fits the kinds of the tasks."""
        if self.problem == "mixed":
            settings = {"task_types": self.task_types, **settings}
        kinds = {"classification": classifier, "regression": regressor, "mixed": mixed}
        return kinds[self.problem](on_empty_task="warn", **settings)

    def apart(
        self, estimator: Estimator | None = None, **models: Any
    ) -> IndependentTasks:
        """Return a model for each task; a task without label is predicted as NaN."""
        return IndependentTasks(
            estimator, task_types=self.task_types, on_empty_task="warn", **models
        )


@dataclass(frozen=True)
class Recipe:
    """How a row is built.

    Attributes
    ----------
    role : {"dummy", "single", "shared"}
        What the row is; a shared one gets a twin.
    make : callable
        Situation -> estimator, without the preparation of its inputs.
    preparation : {"one-hot", "codes", "own"}, default="one-hot"
        "codes": categories come as codes, with their columns first, and gaps stay;
        "own": the estimator prepares the inputs itself, but for free text.
    has_twin : bool, default=True
        Whether a shared row gets a twin.
    effort : float, default=1.0
        Rough cost of a fit compared with those of the other rows, for the time left
        until fits of this row have been measured.
    learns_tokens : bool, default=False
        Whether a row learns tags of tokens, from texts as they came.
    """

    role: str
    make: Callable[[Situation], Any]
    preparation: str = "one-hot"
    has_twin: bool = True
    effort: float = 1.0
    learns_tokens: bool = False

    def prepared(self, estimator: Estimator, inputs: Inputs) -> Any:
        """Return a Pipeline with the preparation, where the inputs need one."""
        prepare = {
            "one-hot": inputs.one_hot,
            "codes": inputs.ordinal,
            "own": inputs.components,
        }[self.preparation]()
        return estimator if prepare is None else make_pipeline(prepare, estimator)


def _scaled(estimator: Estimator, situation: Situation) -> Any:
    # centring would fill a sparse matrix
    scaler = StandardScaler(with_mean=not issparse(situation.inputs.X))
    return make_pipeline(scaler, estimator)


def _dummy(situation: Situation) -> Any:
    classifier = DummyClassifier(strategy="prior")
    tokenizer = getattr(situation.trunk, "tokenizer", None)
    taggers = {name: UsualTag(tokenizer) for name in situation.of_tokens}
    return situation.apart(
        classifier=classifier, regressor=DummyRegressor(), by_task=taggers or None
    )


def _linear(situation: Situation) -> Any:
    # Many classes need more steps than the default of 100.
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
    # A third of the inputs at a split, as Breiman advises for regression.
    regressor = RandomForestRegressor(**settings, max_features=1 / 3)
    return situation.apart(
        classifier=RandomForestClassifier(**settings),
        # A tree splits no node whose variance is below 2e-16, whatever the unit.
        regressor=TransformedTargetRegressor(regressor, transformer=StandardScaler()),
    )


def _boosting(situation: Situation) -> Any:
    settings: dict[str, Any] = {
        "categorical_features": list(range(len(situation.inputs.categorical))) or None,
        # "auto" would split off rows by class, which fails for a class of one row.
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
    """Return the default members of a blend, its net with the trunk."""
    net = _net(situation)
    if getattr(situation.trunk, "default_n_members", 1) == 1:
        # A single net is fitted again for every fold of the blend, six times in all;
        # several hold out another fold each.
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


# In the order of the table.
MODELS: dict[str, Recipe] = {
    "dummy": Recipe("dummy", _dummy, effort=0.01, learns_tokens=True),
    "linear": Recipe("single", _linear, effort=0.1),
    "forest": Recipe("single", _forest),
    "boosting": Recipe("single", _boosting, preparation="codes", effort=3.0),
    "shared-linear": Recipe("shared", _shared_linear),
    "net": Recipe("shared", _net, preparation="own", learns_tokens=True),
    # A twin would take as many times as long as there are tasks: 2 to 5 times in
    # measurements on five tables with 2 to 7 tasks.
    "blend": Recipe("shared", _blend, preparation="own", has_twin=False, effort=2.0),
}
