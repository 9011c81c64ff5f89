"""scikit-learn's checks for arguments other than the defaults.

Of each configuration CI runs every 24th check, so that over all of them each check is
run several times. `make check-all` runs all, and once more with SciPy's array API.
"""

import pytest
import torch
from sklearn.utils.estimator_checks import estimator_checks_generator
from torch import nn

from sklearn_mtl import (
    MultiTaskClassifier,
    MultiTaskMixedEstimator,
    MultiTaskRegressor,
)
from sklearn_mtl.balancing._registry import METHODS
from sklearn_mtl.balancing.schedules._registry import SCHEDULES
from sklearn_mtl.ensemble import MultiTaskForestClassifier, MultiTaskForestRegressor
from sklearn_mtl.linear_model import (
    MultiTaskLinearClassifier,
    MultiTaskLinearClassifierCV,
    MultiTaskLinearRegressor,
    MultiTaskLinearRegressorCV,
)
from sklearn_mtl.linear_model._names import PENALTIES
from sklearn_mtl.losses._registry import LOSSES
from sklearn_mtl.modules import (
    MLP,
    Columns,
    CrossStitch,
    MixtureOfExperts,
    Pretrained,
    ProgressiveExtraction,
    SharedPrivate,
)
from sklearn_mtl.modules.heads._registry import HEADS
from tests.zoo import SMALL_CONV

STRIDE = 24

SMALL = {"hidden_layer_sizes": (16,), "n_members": 1, "max_epochs": 40, "lr": 0.02}


class AllColumns(Columns):
    """Has one block of all columns, however many there are."""

    def build(self, n_features, n_members, n_tasks=1):
        blocks = [("all", MLP((16,)), list(range(n_features)))]
        return Columns(blocks).build(n_features, n_members, n_tasks)


class AnyWidth(Pretrained):
    """Is as wide as the table."""

    def build(self, n_features, n_members, n_tasks=1):
        module = nn.Linear(n_features, 16)
        draw = torch.Generator().manual_seed(0)
        for parameter in module.parameters():
            nn.init.normal_(parameter, std=n_features**-0.5, generator=draw)
        return Pretrained(module, frozen=False).build(n_features, n_members, n_tasks)


def own_trunk(n_features):
    return nn.Sequential(nn.Linear(n_features, 16), nn.Tanh())


TRUNKS = {
    "mlp, batch norm": MLP((16,), normalization="batch"),
    "mlp, layer norm": MLP((16,), normalization="layer"),
    "mlp, residual": MLP((16, 16), residual=True),
    "mixture": MixtureOfExperts(2, (16,)),
    "mixture, top 1": MixtureOfExperts(3, (16,), top_k=1),
    "progressive": ProgressiveExtraction(hidden_layer_sizes=(16,)),
    "cross-stitch": CrossStitch((16,)),
    "shared and private": SharedPrivate((16,)),
    "columns": AllColumns([]),
    "conv": SMALL_CONV["trunk"],
    "pretrained": AnyWidth(nn.Identity()),
    "own": own_trunk,
}
OPTIONS = {
    "three members": {"n_members": 3},
    "early stopping": {"early_stopping": True},
    "relation": {"task_relation": "learned", "relation_strength": 0.01},
    "shared penalty": {"shared_penalty": 1e-4},
    "monitor": {"monitor": "gradients"},
    "sgd, constant rate": {"optimizer": "sgd", "lr": 0.1, "lr_schedule": "constant"},
    "float32": {"dtype": "float32"},
    "small batches": {"batch_size": 8},
}


# Where a weight of two is not the same fit as the sample twice, but the same objective,
# or the same to fewer digits than scikit-learn asks.
WEIGHTS = "check_sample_weight_equivalence"
WEIGHTED_OTHERWISE = {
    "balancing fairgrad": "steps of one length do not settle, and magnify rounding",
    "early stopping": "other samples are held out",
    "small batches": "other batches are drawn",
    "float32": "it has seven digits",
    "regression CV, l21": "other folds are drawn",
    "classification CV, l21": "other folds are drawn",
    "bootstrap": "other samples are drawn",
    "classification, chain": "one task is in no chain, and separable classes diverge",
    "classification, mean": "one task has no other mean, and separable classes diverge",
}


def nets():
    """Yield names and estimators for all choices of which nets have several."""
    for head in HEADS:
        yield f"head {head}", MultiTaskClassifier(**SMALL, head=head)
    for method in METHODS:
        yield f"balancing {method}", MultiTaskClassifier(**SMALL, balancing=method)
    for schedule in SCHEDULES:
        net = MultiTaskMixedEstimator(**SMALL, task_schedule=schedule)
        yield f"schedule {schedule}", net
    for name, trunk in TRUNKS.items():
        yield f"trunk {name}", MultiTaskClassifier(**SMALL, trunk=trunk)
    for name, loss in LOSSES.items():
        is_for_classes = "multiclass" in loss.kinds
        net = MultiTaskClassifier if is_for_classes else MultiTaskRegressor
        yield f"loss {name}", net(**SMALL, loss=name)
    for name, option in OPTIONS.items():
        yield name, MultiTaskRegressor(**{**SMALL, **option})


def others():
    """Yield names and estimators of the other families."""
    for penalty in PENALTIES:
        regressor = MultiTaskLinearRegressor(penalty=penalty, alpha=0.01)
        classifier = MultiTaskLinearClassifier(penalty=penalty, alpha=0.01)
        yield f"regression, {penalty}", regressor
        yield f"classification, {penalty}", classifier
    yield "regression CV, l21", MultiTaskLinearRegressorCV(penalty="l21", alphas=4)
    yield (
        "classification CV, l21",
        MultiTaskLinearClassifierCV(penalty="l21", alphas=3, cv=2),
    )
    for forest in (MultiTaskForestClassifier, MultiTaskForestRegressor):
        yield f"bootstrap {forest.__name__}", forest(n_estimators=10, bootstrap=True)


def all_checks():
    """Yield every check of every configuration; most are not for CI."""
    for c, (name, estimator) in enumerate([*nets(), *others()]):
        for i, (one, check) in enumerate(estimator_checks_generator(estimator)):
            function = getattr(check, "func", check).__name__
            otherwise = any(name.startswith(start) for start in WEIGHTED_OTHERWISE)
            if function.startswith(WEIGHTS) and otherwise:
                continue
            is_sampled = (i + 5 * c) % STRIDE == 0
            marks = () if is_sampled else pytest.mark.exhaustive
            yield pytest.param(one, check, id=f"{name}-{i}-{function}", marks=marks)


@pytest.mark.filterwarnings("ignore::sklearn_mtl.exceptions.SingleClassWarning")
@pytest.mark.parametrize(("estimator", "check"), list(all_checks()))
def test_other_arguments_pass_every_check(estimator, check):
    check(estimator)
