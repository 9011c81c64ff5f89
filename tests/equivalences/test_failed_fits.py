"""A fit that fails or is interrupted leaves the estimator as it was before."""

import numpy as np
import pandas as pd
import pytest
from skorch.callbacks import Callback

from sklearn_mtl import MultiTaskRegressor
from sklearn_mtl.ensemble import MultiTaskBlendRegressor, MultiTaskForestRegressor
from tests.equivalences.inputs import NEW, TARGETS, X, outputs
from tests.zoo import predictors

every_predictor = pytest.mark.parametrize(("kind", "name"), predictors())
FRAME = pd.DataFrame(X, columns=list("abcd"))


@every_predictor
def test_a_refit_that_fails_changes_nothing(kind, name):
    if "conv" in name:
        pytest.skip("a convolution takes no frame")
    model, y = predictors()[kind, name](), TARGETS[kind]
    new = pd.DataFrame(NEW, columns=list("abcd"))
    model.fit(FRAME, y)
    before, known = outputs(model, new), dict(vars(model))
    bad = y.astype(object)
    bad[0, 1] = [3]  # no label at all
    with pytest.raises((ValueError, TypeError)):
        model.fit(FRAME[["d", "c"]], bad)
    assert vars(model).keys() == known.keys()
    assert all(vars(model)[key] is value for key, value in known.items())
    np.testing.assert_array_equal(outputs(model, new), before)


@every_predictor
def test_a_first_fit_that_fails_leaves_an_estimator_that_is_not_fitted(kind, name):
    model, y = predictors()[kind, name](), TARGETS[kind]
    before = set(vars(model))
    with pytest.raises(ValueError, match=r"inf|too large|finite"):
        model.fit(X, np.where(np.arange(60)[:, None] < 1, np.inf, y))
    assert vars(model).keys() == before


class Interrupt(Callback):
    """Ctrl-C at the end of the second epoch."""

    def on_epoch_end(self, net, **kwargs):
        if len(net.history) == 2:
            net.interrupts_.append(2)
            raise KeyboardInterrupt


@pytest.mark.parametrize("name", ["net", "blend"])
def test_a_refit_that_is_interrupted_changes_nothing(name):
    inputs = pd.DataFrame({"k": list("abc") * 100, "z": np.arange(300) % 7})
    y = pd.DataFrame({"u": (inputs.k == "a") * 10.0, "v": inputs.z})
    net = MultiTaskRegressor(n_members=1, max_epochs=5, random_state=0)
    model, prefix = net, ""
    if name == "blend":
        parts = [("f", MultiTaskForestRegressor(n_estimators=5)), ("n", net)]
        model, prefix = MultiTaskBlendRegressor(parts, random_state=0), "n__"
        inputs = inputs[["z"]].assign(w=inputs.z**2)
    before = model.fit(inputs, y).predict(inputs)
    other = inputs[inputs.columns[::-1]]
    if "k" in other:
        other = other.assign(k=other.k.map({"a": "p", "b": "b", "c": "a"}))
    with pytest.raises(KeyboardInterrupt):
        model.set_params(**{f"{prefix}callbacks": [Interrupt()]}).fit(
            other, y[["v", "u"]]
        )
    np.testing.assert_array_equal(model.predict(inputs), before)
    assert model.task_names_in_.tolist() == ["u", "v"]
