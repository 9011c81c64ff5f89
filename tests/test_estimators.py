"""scikit-learn's own checks, with no expected failure.

Other estimators run them in the tests of their own package; here are the nets, and
nets and single-task twins once more with SciPy's array API switched on.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from sklearn.utils.estimator_checks import (
    estimator_checks_generator,
    parametrize_with_checks,
)

from sklearn_mtl import (
    MultiTaskClassifier,
    MultiTaskMixedEstimator,
    MultiTaskRegressor,
)
from tests.zoo import SMALL_CONV

pytestmark = pytest.mark.filterwarnings(  # one of the checks fits a single class
    "ignore::sklearn_mtl.exceptions.SingleClassWarning"
)

NETS = [MultiTaskClassifier, MultiTaskRegressor, MultiTaskMixedEstimator]
SMALL = {"hidden_layer_sizes": (16,), "n_members": 1, "max_epochs": 40, "lr": 0.02}

# What depends on sizes and rates: the rest would only take long.
OF_DEFAULTS = {
    "check_classifiers_train",
    "check_regressors_train",
    "check_sample_weight_equivalence_on_dense_data",
    "check_sample_weight_equivalence_on_sparse_data",
    "check_fit2d_1sample",
    "check_methods_subset_invariance",
    "check_methods_sample_order_invariance",
    "check_class_weight_classifiers",
}


def name_of(check):
    return getattr(check, "func", check).__name__


def checks_of_defaults():
    for net in NETS:
        for estimator, check in estimator_checks_generator(net()):
            if name_of(check) in OF_DEFAULTS:
                yield pytest.param(
                    estimator, check, id=f"{net.__name__}-{name_of(check)}"
                )


@parametrize_with_checks([net(**SMALL) for net in NETS])
def test_small_nets_pass_every_check(estimator, check):
    check(estimator)


@parametrize_with_checks([MultiTaskClassifier(**SMALL_CONV)])
def test_a_small_convolutional_net_passes_every_check(estimator, check):
    check(estimator)


@pytest.mark.exhaustive
@parametrize_with_checks([net(**SMALL_CONV) for net in NETS[1:]])
def test_other_convolutional_nets_pass_every_check(estimator, check):
    check(estimator)


@pytest.mark.parametrize(("estimator", "check"), list(checks_of_defaults()))
def test_the_defaults_pass_what_depends_on_them(estimator, check):
    check(estimator)


@pytest.mark.exhaustive
def test_the_checks_pass_with_array_api_dispatch():
    """The switch is read when SciPy is imported, so another process is needed."""
    chosen = [
        f"{__file__}::{test_small_nets_pass_every_check.__name__}",
        str(Path(__file__).parent / "multioutput" / "test_independent_tasks.py"),
    ]
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    run = subprocess.run(
        [*command, "-k", "check", *chosen],
        capture_output=True,
        text=True,
        env={**os.environ, "SCIPY_ARRAY_API": "1", "COV_CORE_SOURCE": ""},
    )
    assert run.returncode == 0, run.stdout
    assert " passed" in run.stdout
    assert "SCIPY_ARRAY_API is not set" not in run.stdout
