"""Switches of torch and NumPy that the caller has set do not change a model."""

import os
import subprocess
import sys
from contextlib import ExitStack, contextmanager

import numpy as np
import pytest
import torch

from sklearn_mtl import MultiTaskClassifier, MultiTaskRegressor
from sklearn_mtl.balancing._registry import METHODS
from sklearn_mtl.grouping import TaskGroupSearchCV
from tests.zoo import SMALL_NET, predictors

TABLE = np.random.default_rng(0).normal(size=(60, 4))
TARGETS = {
    "classifier": (TABLE[:, :2] > 0).astype(float),
    "regressor": TABLE[:, :2] + TABLE[:, 2:],
    "mixed": np.column_stack([TABLE[:, 0] > 0, TABLE[:, 1] - TABLE[:, 2]]),
}


@contextmanager
def default_dtype(dtype):
    before = torch.get_default_dtype()
    torch.set_default_dtype(dtype)
    try:
        yield
    finally:
        torch.set_default_dtype(before)


@contextmanager
def every_switch():
    """Set all of torch's switches as they are never wanted in training."""
    with ExitStack() as switches:
        for switch in (
            torch.no_grad(),
            torch.inference_mode(),
            torch.autocast("cpu", dtype=torch.bfloat16),
            default_dtype(torch.float64),
            torch.device("meta"),
            torch.autograd.set_detect_anomaly(True),
        ):
            switches.enter_context(switch)
        yield


def answers(model, X, y):
    """Return all that a model says of X after a fit, as one array of floats."""
    model.fit(X, y)
    if hasattr(model, "predict_proba"):
        outputs = [p for p in model.predict_proba(X) if p is not None]
    else:
        outputs = []
    return np.column_stack([model.predict(X).astype(float), *outputs])


@pytest.mark.parametrize(("kind", "name"), predictors())
def test_switches_of_torch_do_not_change_a_bit(kind, name):
    make, y = predictors()[kind, name], TARGETS[kind]
    expected = answers(make(), TABLE, y)
    with every_switch():
        found = answers(make(), TABLE, y)
        assert torch.get_default_dtype() == torch.float64
        assert torch.is_inference_mode_enabled()
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize(("kind", "name"), predictors())
def test_strict_floating_point_errors_do_not_change_a_bit(kind, name):
    make, y = predictors()[kind, name], TARGETS[kind]
    expected = answers(make(), TABLE, y)
    with np.errstate(divide="raise", over="raise", invalid="raise"):
        np.testing.assert_array_equal(answers(make(), TABLE, y), expected)


@pytest.mark.parametrize("gramian", ["features", "shared"])
@pytest.mark.parametrize("method", METHODS)
def test_switches_of_torch_do_not_change_a_balanced_net(method, gramian):
    options = {**SMALL_NET, "max_epochs": 3, "balancing": method, "gramian": gramian}
    X, y = TABLE, TARGETS["classifier"]
    expected = answers(MultiTaskClassifier(**options), X, y)
    with every_switch():
        found = answers(MultiTaskClassifier(**options), X, y)
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("method", ["gradient", "lookahead"])
def test_anomaly_detection_does_not_change_groups_by_gradients(method):
    X, y = TABLE, np.hstack([TARGETS["regressor"], TABLE[:, :1]])
    net = MultiTaskRegressor(**{**SMALL_NET, "max_epochs": 2})
    search = TaskGroupSearchCV(net, method=method, cv=2, random_state=0)
    expected = answers(search, X, y)
    with torch.autograd.set_detect_anomaly(True):
        np.testing.assert_array_equal(answers(search, X, y), expected)


FORK_DURING_A_FIT = """
import os, threading
import numpy as np
import torch
from skorch.callbacks import Callback
from sklearn_mtl import MultiTaskClassifier

class Wait(Callback):
    def on_epoch_end(self, net, **kwargs):
        is_fitting.set()
        is_forked.wait(60)

is_fitting, is_forked = threading.Event(), threading.Event()
torch.set_num_threads(3)
X = np.random.default_rng(0).normal(size=(40, 3))
model = MultiTaskClassifier(max_epochs=2, n_members=1, callbacks=[Wait()])
fit = threading.Thread(target=model.fit, args=(X, X > 0))
fit.start()
is_fitting.wait(60)
child = os.fork()
if child == 0:
    before = torch.get_num_threads()
    other = MultiTaskClassifier(max_epochs=2, n_members=1).fit(X, X > 0)
    os._exit(before if torch.get_num_threads() == before else 100)
is_forked.set()
fit.join()
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), torch.get_num_threads())
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="nothing forks here")
def test_a_child_forked_during_a_fit_has_the_callers_thread_count():
    run = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", FORK_DURING_A_FIT],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert run.stdout.split() == ["3", "3"], run.stderr
