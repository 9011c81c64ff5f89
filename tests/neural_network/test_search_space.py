"""The search space that ships with the nets."""

import sys

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.model_selection import ParameterSampler, RandomizedSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_mtl.model_selection import MultiTaskKFold
from sklearn_mtl.modules import Columns, MixtureOfExperts
from tests.neural_network.nets import ALL, table, targets_of, tiny

DEFAULTS = {"lr": 3e-3, "weight_decay": 0.3, "dropout": 0.15, "batch_size": 128}


@pytest.mark.parametrize("cls", ALL)
def test_every_draw_is_a_valid_estimator(cls):
    X, y = table(40)
    model = tiny(cls, max_epochs=1)
    for drawn in ParameterSampler(model.search_space(), n_iter=8, random_state=0):
        clone(model).set_params(**drawn).fit(X, targets_of(cls, y))


@pytest.mark.parametrize("library", ["scipy", "optuna"])
def test_the_defaults_lie_within(library):
    space = ALL[0]().search_space(library)
    for name, value in DEFAULTS.items():
        one = space[name]
        if isinstance(one, list):
            assert value in one
        elif library == "scipy":
            assert 0.05 < one.cdf(value) < 0.95
        else:
            assert one._contains(one.to_internal_repr(value))


def test_rates_are_drawn_on_a_logarithmic_scale():
    drawn = ALL[0]().search_space()["lr"].rvs(2000, random_state=0)
    assert drawn.min() >= 1e-3
    assert drawn.max() <= 1e-2
    assert np.median(drawn) == pytest.approx(10**-2.5, rel=0.1)


def test_only_what_the_net_reads_is_searched():
    own = ALL[0](trunk=MixtureOfExperts()).search_space()
    assert "trunk__dropout" in own
    assert not {"dropout", "hidden_layer_sizes", "numeric_embedding"} & set(own)
    assert "weight_decay" not in ALL[0](optimizer="sgd").search_space()
    assert "trunk__dropout" not in ALL[0](trunk=Columns([])).search_space()


def test_random_search_takes_it_within_a_pipeline():
    X, y = table(60)
    model = make_pipeline(StandardScaler(), tiny(ALL[0], max_epochs=1))
    name = model.steps[-1][0]
    space = model[-1].search_space(prefix=f"{name}__")
    search = RandomizedSearchCV(
        model, space, n_iter=2, cv=MultiTaskKFold(2), random_state=0
    )
    search.fit(X, targets_of(ALL[0], y))
    assert set(search.best_params_) == set(space)


def test_optuna_asks_for_and_is_told_of_trials():
    optuna = pytest.importorskip("optuna")
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    X, y = table(60)
    model = tiny(ALL[0], max_epochs=1)
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(0))
    trial = study.ask(model.search_space("optuna"))
    tried = clone(model).set_params(**trial.params).fit(X, targets_of(ALL[0], y))
    study.tell(trial, tried.score(X, targets_of(ALL[0], y)))
    assert set(study.best_params) == set(model.search_space("optuna"))


def test_an_unknown_library_is_an_error():
    with pytest.raises(ValueError, match="got library='hyperopt'; allowed are"):
        ALL[0]().search_space("hyperopt")


def test_without_optuna_the_error_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "optuna", None)
    with pytest.raises(
        ImportError, match=r"needs optuna: pip install 'sklearn-mtl\[search\]'"
    ):
        ALL[0]().search_space("optuna")
